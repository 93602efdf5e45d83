public import BerayAPI

/// Bytes that arrive in pieces. Iterate it once; ending the iteration early ends the transfer.
public struct ByteStream: AsyncSequence, Sendable {
  public typealias Element = [UInt8]
  public typealias Failure = BerayError

  public struct AsyncIterator: AsyncIteratorProtocol {
    var pull: () async throws(BerayError) -> [UInt8]?

    public mutating func next() async throws(BerayError) -> [UInt8]? {
      try await pull()
    }

    public mutating func next(isolation actor: isolated (any Actor)?) async throws(BerayError) -> [UInt8]? {
      try await pull()
    }
  }

  private let make: @Sendable () -> AsyncIterator

  /// - Parameter makeIterator: called once; returns a function that returns the next piece, or nil at the end.
  public init(_ makeIterator: @escaping @Sendable () -> (() async throws(BerayError) -> [UInt8]?)) {
    self.make = { AsyncIterator(pull: makeIterator()) }
  }

  /// Creates a stream over bytes in memory.
  public init(_ bytes: [UInt8]) {
    self.init {
      var rest: [UInt8]? = bytes.isEmpty ? nil : bytes
      return { () async throws(BerayError) in rest.take() }
    }
  }

  public func makeAsyncIterator() -> AsyncIterator { make() }

  /// Reads the rest of the stream into memory.
  /// - Parameters:
  ///   - limit: the most bytes to accept.
  ///   - expected: about how many bytes will come, so that the memory is allocated once.
  /// - Throws: ``BerayError/Code/invalidResponse`` if more than `limit` bytes come.
  public func collect(upTo limit: Int, expecting expected: Int = 0) async throws(BerayError) -> [UInt8] {
    try await collect(upTo: limit, expecting: expected, orElse: .invalidResponse)
  }

  /// - Parameter code: the code of the error thrown when more than `limit` bytes come.
  func collect(
    upTo limit: Int, expecting expected: Int = 0, orElse code: BerayError.Code
  ) async throws(BerayError) -> [UInt8] {
    var all: [UInt8] = []
    all.reserveCapacity(Swift.min(expected, limit))
    var iterator = makeAsyncIterator()
    while let piece = try await iterator.next() {
      guard all.count + piece.count <= limit else {
        throw BerayError(
          code, detail: "the answer is larger than the limit of \(limit) bytes",
          operation: "read")
      }
      if all.isEmpty, expected == 0 { all = piece } else { all += piece }
    }
    return all
  }
}

/// The content of a file, a part of it, or the answer that it has not changed.
public struct FileContent: Sendable {
  /// Whether the server answered 304: the version given as `ifNoneMatch` is still current, and ``body`` is empty.
  public var isUnchanged: Bool
  /// The offset in the file of the first byte of ``body``: 0, unless the server answered 206.
  public var offset: Int64
  /// The length of the whole file in bytes, if the server sent it.
  public var size: Int64?
  /// The version of the content, if the server sent it (`ETag`, RFC 9110 §8.8.3).
  public var etag: String?
  /// When the content last changed, if the server sent it (`Last-Modified`).
  public var modified: UTCTime?
  /// The bytes as they arrive. Releasing the body ends the transfer.
  public var body: ByteStream

  /// Makes an answer, for a server of one's own or for tests.
  public init(
    isUnchanged: Bool = false, offset: Int64 = 0, size: Int64? = nil, etag: String? = nil, modified: UTCTime? = nil,
    body: ByteStream
  ) {
    self.isUnchanged = isUnchanged
    self.offset = offset
    self.size = size
    self.etag = etag
    self.modified = modified
    self.body = body
  }
}

/// The content of an upload: bytes in memory, or a stream that can be opened again for each try.
public struct UploadBody: Sendable {
  /// The number of bytes.
  public var length: Int64
  /// Called once for each try; returns the content from its start.
  public var open: @Sendable () -> ByteStream
  /// The whole content, if it is small enough to be sent in one piece.
  var small: [UInt8]?
  private static let smallLimit = UploadProgress.pieceLimit

  /// - Parameters:
  ///   - length: the number of bytes that each stream has.
  ///   - open: called once for each try; returns the content from its start.
  public init(length: Int64, open: @escaping @Sendable () -> ByteStream) {
    self.length = length
    self.open = open
  }

  /// A string, encoded as UTF-8.
  public static func text(_ text: String) -> UploadBody { bytes(Array(text.utf8)) }

  /// Bytes in memory.
  public static func bytes(_ bytes: [UInt8]) -> UploadBody {
    var body = UploadBody(length: Int64(bytes.count)) { ByteStream(bytes) }
    if bytes.count <= smallLimit { body.small = bytes }
    return body
  }
}

/// A condition on the server's current version of a file (RFC 9110 §13.1). If it does not hold, the server changes
/// nothing and answers 412.
///
/// It needs `Capabilities.conditionalUploads`, `conditionalAttributes` or `conditionalMoves`; other servers ignore it.
public enum VersionCondition: Hashable, Sendable {
  /// The file has this entity tag.
  case matching(etag: String)
  /// The file does not exist.
  case absent
}

/// The answer to an upload, a rename or a change of attributes.
public struct UploadReceipt: Sendable, Hashable {
  /// The new version of the file, if the server sent it (`ETag`).
  public var etag: String?
  /// When the file last changed, by the server's clock, if the server sent it.
  public var modified: UTCTime?
  /// The new size of the file in bytes, if the server sent it.
  public var size: Int64?
  /// When the server answered, by its own clock in whole seconds (`Date`).
  public var date: UTCTime?
  /// The whole answer as received.
  public var raw: JSON

  /// Makes a receipt, for a server of one's own or for tests.
  public init(
    etag: String? = nil, modified: UTCTime? = nil, size: Int64? = nil, date: UTCTime? = nil, raw: JSON
  ) {
    self.etag = etag
    self.modified = modified
    self.size = size
    self.date = date
    self.raw = raw
  }
}

/// The answer to an append.
public struct AppendReceipt: Sendable, Hashable {
  /// The file after the append.
  public var file: UploadReceipt
  /// The offset at which the bytes were written, if the server sent it.
  public var offset: Int64?

  /// Makes a receipt, for a server of one's own or for tests.
  public init(file: UploadReceipt, offset: Int64? = nil) {
    self.file = file
    self.offset = offset
  }
}

/// The bytes `offset ..< offset + count` of a file.
public struct ByteRange: Hashable, Sendable {
  /// The first byte, counted from 0.
  public var offset: Int64
  /// The number of bytes.
  public var count: Int64

  /// The `count` bytes from `offset` on.
  public init(offset: Int64, count: Int64) {
    self.offset = offset
    self.count = count
  }
}
