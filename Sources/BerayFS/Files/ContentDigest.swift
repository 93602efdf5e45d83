import BerayClient

/// Tells one content from another without keeping it: its length and a hash of this process.
struct ContentDigest: Hashable, Sendable {
  /// Bytes.
  let size: Int64
  private let hash: Int

  init(_ bytes: [UInt8]) {
    var digester = Digester()
    digester.add(bytes)
    self = digester.digest
  }

  /// - Parameter limit: how long the content may be; nil where it is longer.
  init?(of stream: ByteStream, upTo limit: Int64) async throws(BerayError) {
    var digester = Digester()
    var iterator = stream.makeAsyncIterator()
    while let piece = try await iterator.next() {
      digester.add(piece)
      guard digester.size <= limit else { return nil }
    }
    self = digester.digest
  }

  private init(size: Int64, hash: Int) {
    self.size = size
    self.hash = hash
  }

  private struct Digester {
    var size: Int64 = 0
    private var hasher = Hasher()

    mutating func add(_ bytes: [UInt8]) {
      size += Int64(bytes.count)
      bytes.withUnsafeBytes { hasher.combine(bytes: $0) }
    }

    var digest: ContentDigest { ContentDigest(size: size, hash: hasher.finalize()) }
  }
}
