import Beray
import Synchronization

/// Tells one content from another without keeping either: a length and a hash, valid within this process.
struct ContentDigest: Hashable, Sendable {
  /// Bytes.
  let size: Int64
  private let hash: Int

  init(_ bytes: [UInt8]) {
    var digester = Digester()
    digester.add(bytes)
    self = digester.digest
  }

  /// - Parameter limit: how long the content may be; nil if it is longer.
  init?(of stream: ByteStream, upTo limit: Int64) async throws(BerayError) {
    var digester = Digester()
    var iterator = stream.makeAsyncIterator()
    while let piece = try await iterator.next() {
      digester.add(piece)
      guard digester.size <= limit else { return nil }
    }
    self = digester.digest
  }

  fileprivate init(size: Int64, hash: Int) {
    self.size = size
    self.hash = hash
  }

  fileprivate struct Digester {
    var size: Int64 = 0
    private var hasher = Hasher()

    mutating func add(_ bytes: [UInt8]) {
      size += Int64(bytes.count)
      bytes.withUnsafeBytes { hasher.combine(bytes: $0) }
    }

    var digest: ContentDigest { ContentDigest(size: size, hash: hasher.finalize()) }
  }
}

/// Finds the digest of a body while it is sent.
final class BodyDigest: Sendable {
  private let found = Mutex<ContentDigest?>(nil)

  /// The digest of what was sent when the body was last read to its end; nil if it never was.
  var value: ContentDigest? { found.withLock { $0 } }

  /// The same body, whose digest is found as it is read.
  func finding(in body: UploadBody) -> UploadBody {
    UploadBody(length: body.length) { [self] in
      ByteStream {
        var pieces = body.open().makeAsyncIterator()
        var digester = ContentDigest.Digester()
        return { () async throws(BerayError) in
          guard let piece = try await pieces.next() else {
            self.found.withLock { $0 = digester.digest }
            return nil
          }
          digester.add(piece)
          return piece
        }
      }
    }
  }
}
