extension FileEntry {
  /// Reads the answer of `GET tasks/{id}/files/tree` from bytes, like ``list(json:requestedPath:recursive:)``.
  ///
  /// It makes entries directly, without an intermediate JSON value, so a listing of a million names needs little memory
  /// beyond the entries.
  /// - Parameters:
  ///   - bytes: the server's answer.
  ///   - requestedPath: the path of the listed directory; "." is the work directory.
  ///   - recursive: whether the whole subtree was requested.
  ///   - keepsRaw: whether to set ``raw``, without the content of directories.
  /// - Throws: `JSONError` if the bytes are not JSON, `UnexpectedJSON` if they are not a list of files.
  public static func list(
    parsing bytes: [UInt8], requestedPath: String, recursive: Bool = false, keepsRaw: Bool
  ) throws -> [FileEntry] {
    let items = try JSONParser.reading(bytes) { (parser) throws(JSONError) -> [ListedItem]? in
      try Self.items(&parser, keepsRaw: keepsRaw && !recursive)
    }
    guard let items else { throw UnexpectedJSON(expected: "a list of files") }
    return entries(of: items, requestedPath: requestedPath, recursive: recursive)
  }

  private static func items(_ parser: inout JSONParser, keepsRaw: Bool) throws(JSONError) -> [ListedItem]? {
    switch try parser.peek() {
    case UInt8(ascii: "["):
      return try ListedItem.list(&parser, keepsRaw: keepsRaw)
    case UInt8(ascii: "{"):
      var found: [String: [ListedItem]] = [:]
      try parser.readMembers { name, parser throws(JSONError) in
        if wrappers.contains(name), try parser.peek() == UInt8(ascii: "[") {
          found[name] = try ListedItem.list(&parser, keepsRaw: keepsRaw)
        } else {
          _ = try parser.parseValue()
        }
      }
      return wrappers.lazy.compactMap { found[$0] }.first
    default:
      _ = try parser.parseValue()
      return nil
    }
  }
}
