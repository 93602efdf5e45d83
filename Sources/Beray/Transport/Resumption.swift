internal import BerayAPI
internal import HTTPTypes

/// How to continue a broken download.
struct Resumption {
  private let call: Call
  /// The entity tag or the modification time.
  private let validator: String
  private let etag: String?
  /// The offset of the last requested byte; nil means the end of the file.
  private let last: Int64?
  /// The offset of the next byte.
  private var offset: Int64
  private var failures = 0
  /// Bytes since the last failure.
  private var progress = 0

  init?(_ response: TransportResponse, of call: Call) {
    let headers = response.headers
    guard call.method == "GET", headers[.contentEncoding] == nil, headers[.acceptRanges]?.lowercased() != "none" else {
      return nil
    }
    etag = headers[.eTag].flatMap { EntityTag($0).isWeak ? nil : $0 }
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
    // Breaks do not count against a download that makes progress.
    if progress >= 1 << 20 { failures = 0 }
  }

  /// The request that continues after `error`, and the pause before it. Nil if the download cannot continue.
  mutating func next(after error: BerayError, retries: Int) -> (call: Call, pause: Duration)? {
    guard error.code == .connectionLost || error.code == .timedOut, failures < retries, !Task.isCancelled else {
      return nil
    }
    failures += 1
    progress = 0
    var call = call
    call.headers[.range] = RangeHeader.from(offset, through: last).text
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
