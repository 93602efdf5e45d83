internal import BerayAPI
internal import HTTPTypes
internal import Hummingbird
internal import NIOCore

extension FileUpload {
  /// Appends `buffers` and returns the same upload.
  func writing(_ buffers: [ByteBuffer]) throws -> FileUpload {
    for buffer in buffers { try buffer.withUnsafeReadableBytes(write) }
    return self
  }
}

extension FileAppend {
  /// Returns the append with `buffers` added at its end.
  func adding(_ buffers: [ByteBuffer]) throws -> FileAppend {
    var append = self
    for buffer in buffers { try buffer.withUnsafeReadableBytes { try append.add($0) } }
    return append
  }
}

extension StoredVersion {
  /// The members that describe the version of a file in an answer.
  func members(_ path: RelativePath) -> [JSON.Member] {
    [
      .init("path", .string(path.text)), .init("size", JSON(size)),
      .init("modified", .string(modified.iso8601(fractionDigits: 9))), .init("mode", JSON(mode)),
      .init("etag", .string(etag)),
    ]
  }
}

extension IncomingCall {
  /// The request's preconditions on the version of its file.
  var condition: FileCondition {
    FileCondition(ifMatch: header(.ifMatch), ifNoneMatch: header(.ifNoneMatch))
  }
}

extension HTTPField.Name {
  static let idempotencyKey = HTTPField.Name(HeaderName.idempotencyKey)!
  static let ifRange = HTTPField.Name(HeaderName.ifRange)!
}
