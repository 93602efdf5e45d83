extension JSON {
  /// How deep arrays and objects may be nested.
  public static let depthLimit = 512
  /// How many values a text may have. Each takes some 30 bytes of memory, however short its text.
  public static let valueLimit = 8 << 20

  /// Reads one JSON text (RFC 8259) in UTF-8. A byte order mark before it is ignored (§8.1).
  ///
  /// It is lenient in one point: invalid UTF-8 and lone surrogates (`"\ud800"`) become U+FFFD. So one broken goal does
  /// not hide a whole list of tasks.
  public init(parsing bytes: some Collection<UInt8>) throws(JSONError) {
    let parsed =
      bytes.withContiguousStorageIfAvailable { JSON.parse($0) }
      ?? Array(bytes).withUnsafeBufferPointer { JSON.parse($0) }
    self = try parsed.get()
  }

  /// Reads one JSON text.
  public init(parsing text: String) throws(JSONError) {
    try self.init(parsing: text.utf8)
  }

  private static func parse(_ bytes: UnsafeBufferPointer<UInt8>) -> Result<JSON, JSONError> {
    var parser = JSONParser(bytes: bytes)
    do {
      return .success(try parser.parseText())
    } catch {
      return .failure(error)
    }
  }
}
