public import BerayAPI

/// Bytes that arrive piece by piece. Iterate it once; ending the iteration early ends the transfer.
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

  /// - Parameter makeIterator: called once; gives a function that returns the next piece, and nil at the end.
  public init(_ makeIterator: @escaping @Sendable () -> (() async throws(BerayError) -> [UInt8]?)) {
    self.make = { AsyncIterator(pull: makeIterator()) }
  }

  /// A stream of bytes that are in memory.
  public init(_ bytes: [UInt8]) {
    self.init {
      var rest: [UInt8]? = bytes.isEmpty ? nil : bytes
      return { () async throws(BerayError) in rest.take() }
    }
  }

  public func makeAsyncIterator() -> AsyncIterator { make() }

  /// All that is left of the stream, which must be no more than `limit` bytes.
  /// - Parameters:
  ///   - limit: bytes.
  ///   - expected: about how many bytes will come, so that room is made for them once.
  /// - Throws: ``BerayError/Code/invalidResponse`` if it is more.
  public func collect(upTo limit: Int, expecting expected: Int = 0) async throws(BerayError) -> [UInt8] {
    try await collect(upTo: limit, expecting: expected, orElse: .invalidResponse)
  }

  /// - Parameter code: of what is thrown where it is more.
  func collect(
    upTo limit: Int, expecting expected: Int = 0, orElse code: BerayError.Code
  ) async throws(BerayError) -> [UInt8] {
    var all: [UInt8] = []
    all.reserveCapacity(Swift.min(expected, limit))
    var iterator = makeAsyncIterator()
    while let piece = try await iterator.next() {
      guard all.count + piece.count <= limit else {
        throw BerayError(
          code, detail: "the answer is larger than \(limit) bytes, the most that is read at once",
          operation: "read")
      }
      if all.isEmpty, expected == 0 { all = piece } else { all += piece }
    }
    return all
  }
}

/// The content of a file, or a part of it, or the news that it has not changed.
public struct FileContent: Sendable {
  /// Whether the server answered 304: what `ifNoneMatch` named is still the content, and ``body`` is empty.
  public var isUnchanged: Bool
  /// Where the first byte of ``body`` stands in the file: 0, unless the server answered 206.
  public var offset: Int64
  /// The length of the whole file in bytes, where the server tells.
  public var size: Int64?
  public var etag: String?
  public var modified: UTCTime?
  public var body: ByteStream

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

/// What is uploaded: bytes in memory, or a stream that can be opened anew for each try.
public struct UploadBody: Sendable {
  /// Bytes.
  public var length: Int64
  /// Called once for each try; gives the content from its start.
  public var open: @Sendable () -> ByteStream
  /// All of the content, where it is so small that it goes out in one piece.
  var small: [UInt8]?
  private static let smallLimit = UploadProgress.pieceLimit

  public init(length: Int64, open: @escaping @Sendable () -> ByteStream) {
    self.length = length
    self.open = open
  }

  /// A text, in UTF-8.
  public static func text(_ text: String) -> UploadBody { bytes(Array(text.utf8)) }

  public static func bytes(_ bytes: [UInt8]) -> UploadBody {
    var body = UploadBody(length: Int64(bytes.count)) { ByteStream(bytes) }
    if bytes.count <= smallLimit { body.small = bytes }
    return body
  }
}

/// Which version of a file the server must have for a request to take place, else it answers 412 (RFC 9110 §13.1). Needs
/// `Capabilities.conditionalUploads` or `Capabilities.conditionalAttributes`; other servers ignore it.
public enum VersionCondition: Hashable, Sendable {
  /// The file is the version with that entity tag.
  case matching(etag: String)
  /// There is no such file.
  case absent
}

/// What a server answered to an upload, or to new attributes of a file.
public struct UploadReceipt: Sendable, Hashable {
  /// The version that it made, where the server tells (`ETag`).
  public var etag: String?
  public var modified: UTCTime?
  /// How many bytes the file has now, where the server tells.
  public var size: Int64?
  /// When the server answered, by its own clock, in whole seconds (`Date`).
  public var date: UTCTime?
  /// The whole answer.
  public var raw: JSON

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

/// What a server answered to an append.
public struct AppendReceipt: Sendable, Hashable {
  /// The version that the append made.
  public var file: UploadReceipt
  /// Where the bytes landed, where the server tells.
  public var offset: Int64?

  public init(file: UploadReceipt, offset: Int64? = nil) {
    self.file = file
    self.offset = offset
  }
}

/// Bytes of a file: `offset ..< offset + count`.
public struct ByteRange: Hashable, Sendable {
  public var offset: Int64
  public var count: Int64

  public init(offset: Int64, count: Int64) {
    self.offset = offset
    self.count = count
  }
}
