internal import BerayAPI
internal import CLinux
internal import Glibc
internal import HTTPTypes
internal import Hummingbird
internal import LinuxSystem
internal import NIOCore
internal import NIOPosix
internal import SystemPackage

/// A file, or a part of it, as the body of an answer.
struct FileResponse: Sendable {
  private let file: OwnedDescriptor
  private let lock: FileGuard
  /// Identifies the content that is sent, so that no answer mixes two.
  private let content: UInt64
  private let version: StoredVersion
  private let range: RequestedRange
  private let isKnown: Bool
  /// The first piece, read in advance; the whole of a small file.
  private let first: ByteBuffer
  private static let pieceSize: Int64 = 512 * 1024

  /// Opens the file and reads its first piece. Blocks.
  ///
  /// - Throws: ``FileBusy`` if another request is writing the file.
  init(
    _ path: RelativePath, in work: AgentDirectory, range: String?, ifRange: String?, condition: FileCondition
  ) throws {
    let status: linux_status
    (file, status) = try work.openFile(path)
    lock = work.guards.file(status)
    content = try lock.version()
    version = work.version(try file.status())
    if let ifMatch = condition.ifMatch, !version.matches(ifMatch, weak: false) {
      throw HTTPFailure.isOtherVersion(path)
    }
    let ifNoneMatch = condition.ifNoneMatch
    isKnown = ifNoneMatch.map { [version] in version.matches($0, weak: true) } ?? false
    // If the client holds a part of another version, it needs the whole file (RFC 9110 §13.1.5).
    let isWanted = ifRange.map { [version] in EntityTag(version.etag).stronglyMatches(EntityTag($0)) } ?? true
    self.range = RequestedRange(isWanted ? range : nil, size: version.size)
    let bounds = Self.bounds(self.range, version.size)
    first = isKnown ? ByteBuffer() : try Self.read(file, from: bounds.lowerBound, to: bounds.upperBound)
    guard lock.isStill(content) else { throw FileBusy(file: lock) }
  }

  /// - Parameter use: held until the answer is sent.
  func response(_ services: Services, _ use: Activity.Use) -> Response {
    var headers: HTTPFields = [.eTag: version.etag, .acceptRanges: "bytes"]
    headers[.lastModified] = version.modified.httpDate
    if isKnown { return Response(status: .notModified, headers: headers) }
    headers[.contentType] = "application/octet-stream"
    let bounds = Self.bounds(range, version.size)
    switch range {
    case .whole: return Response(status: .ok, headers: headers, body: body(bounds, services, use))
    case .part:
      let part = ContentRange(offset: bounds.lowerBound, last: bounds.upperBound - 1, size: version.size)
      headers[.contentRange] = part.text
      return Response(status: .partialContent, headers: headers, body: body(bounds, services, use))
    case .unsatisfiable:
      var response = Response.json(["detail": "The range lies beyond the file"], status: .rangeNotSatisfiable)
      response.headers[.contentRange] = ContentRange.unsatisfied(size: version.size)
      return response
    }
  }

  private static func bounds(_ range: RequestedRange, _ size: Int64) -> Range<Int64> {
    switch range {
    case .whole: 0..<size
    case .part(let part): part
    case .unsatisfiable: 0..<0
    }
  }

  private func body(_ bounds: Range<Int64>, _ services: Services, _ use: Activity.Use) -> ResponseBody {
    if first.readableBytes == bounds.count { return ResponseBody(byteBuffer: first) }
    let (file, first, lock, content) = (file, first, lock, content)
    return ResponseBody(contentLength: bounds.count) { writer in
      var offset = bounds.lowerBound
      var piece = first
      while true {
        try await writer.write(piece)
        offset += Int64(piece.readableBytes)
        guard offset < bounds.upperBound else { break }
        piece = try await services.threads.runIfActive { [offset] in
          try Self.read(file, from: offset, to: bounds.upperBound)
        }
        // The file became shorter, or another upload replaced its content. The promised length cannot be sent, so the
        // connection must break.
        guard piece.readableBytes > 0, lock.isStill(content) else { throw Errno.ioError }
      }
      try await writer.finish(nil)
      withExtendedLifetime(use) {}
    }
  }

  /// Reads at most one piece.
  private static func read(_ file: OwnedDescriptor, from start: Int64, to end: Int64) throws -> ByteBuffer {
    let count = Int(min(pieceSize, end - start))
    guard count > 0 else { return ByteBuffer() }
    var buffer = ByteBufferAllocator().buffer(capacity: count)
    var failure: Errno?
    buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: count) { bytes in
      do throws(Errno) {
        return try file.read(into: UnsafeMutableRawBufferPointer(rebasing: bytes[..<count]), at: start)
      } catch {
        failure = error
        return 0
      }
    }
    if let failure { throw failure }
    return buffer
  }
}
