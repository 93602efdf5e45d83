internal import BerayAPI
internal import NIOCore

extension FileRoutes {
  /// Appends `buffers` and returns the same upload.
  static func write(_ buffers: [ByteBuffer], to upload: FileUpload) throws -> FileUpload {
    for buffer in buffers { try buffer.withUnsafeReadableBytes(upload.write) }
    return upload
  }

  /// Returns `append` with `buffers` added at its end.
  static func add(_ buffers: [ByteBuffer], to append: FileAppend) throws -> FileAppend {
    var append = append
    for buffer in buffers { try buffer.withUnsafeReadableBytes { try append.add($0) } }
    return append
  }

  /// The members that describe a version of the file at `path` in an answer.
  static func members(of version: StoredVersion, at path: RelativePath) -> [JSON.Member] {
    [
      .init("path", .string(path.text)), .init("size", JSON(version.size)),
      .init("modified", .string(version.modified.iso8601(fractionDigits: 9))), .init("mode", JSON(version.mode)),
      .init("etag", .string(version.etag)),
    ]
  }
}
