internal import BerayAPI
internal import HTTPTypes

extension BerayClient {
  /// The body of a download, which goes on by a range where its connection breaks: for servers that have ranges, and tell
  /// the version, so that no part of another one follows.
  func resuming(_ response: TransportResponse, of call: Call) -> ByteStream {
    guard let resumption = Resumption(response, of: call) else { return response.body }
    return ByteStream {
      // Pulled by one reader, one piece after another.
      nonisolated(unsafe) var iterator = response.body.makeAsyncIterator()
      nonisolated(unsafe) var resumption = resumption
      return { () async throws(BerayError) in
        while true {
          do throws(BerayError) {
            let piece = try await iterator.next()
            resumption.received(piece?.count ?? 0)
            return piece
          } catch {
            guard let next = resumption.next(after: error, retries: self.configuration.retries) else { throw error }
            guard (try? await self.configuration.pause(next.pause)) != nil,
              let body = await self.rest(next.call, resumption)
            else { throw error }
            iterator = body.makeAsyncIterator()
          }
        }
      }
    }
  }

  /// What is left of a content; nil if the server does not send it, or has another version.
  private func rest(_ call: Call, _ resumption: Resumption) async -> ByteStream? {
    guard let response = try? await transfer(call), resumption.isContinued(by: response) else { return nil }
    return response.body
  }
}

/// How a download goes on that broke off.
private struct Resumption {
  private let call: Call
  /// The entity tag, or the time of modification.
  private let validator: String
  private let etag: String?
  /// The last byte that was asked for; nil: the last of the file.
  private let last: Int64?
  /// The next byte.
  private var offset: Int64
  private var failures = 0
  /// Bytes since the last failure.
  private var progress = 0

  init?(_ response: TransportResponse, of call: Call) {
    let headers = response.headers
    guard call.method == "GET", headers[.contentEncoding] == nil, headers[.acceptRanges]?.lowercased() != "none" else {
      return nil
    }
    etag = headers[.eTag].flatMap { $0.hasPrefix("W/") ? nil : $0 }
    guard let validator = etag ?? headers[.lastModified] else { return nil }
    switch response.status {
    case 200: (offset, last) = (0, nil)
    case 206:
      guard let range = ContentRange(headers: headers) else { return nil }
      (offset, last) = (range.offset, range.last)
    default: return nil
    }
    self.call = call
    self.validator = validator
  }

  mutating func received(_ count: Int) {
    offset += Int64(count)
    progress += count
    // A download that gets on may break as often as it likes.
    if progress >= 1 << 20 { failures = 0 }
  }

  /// The request that goes on after `error`, and how long to wait before it; nil: none.
  mutating func next(after error: BerayError, retries: Int) -> (call: Call, pause: Duration)? {
    guard error.code == .connectionLost || error.code == .timedOut, failures < retries, !Task.isCancelled else {
      return nil
    }
    failures += 1
    progress = 0
    var call = call
    call.headers[.range] = "bytes=\(offset)-\(last.map { "\($0)" } ?? "")"
    call.headers[.ifRange] = validator
    call.headers[.ifNoneMatch] = nil
    return (call, .milliseconds(100 << min(failures, 6)))
  }

  func isContinued(by response: TransportResponse) -> Bool {
    guard response.status == 206, let range = ContentRange(headers: response.headers), range.offset == offset,
      response.headers[.contentEncoding] == nil
    else { return false }
    guard let etag, let told = response.headers[.eTag] else { return true }
    return told == etag
  }
}

extension HTTPField.Name {
  fileprivate static let ifRange = HTTPField.Name("If-Range")!
}
