internal import BerayAPI
internal import HTTPTypes

extension VersionCondition {
  var headers: HTTPFields {
    switch self {
    case .matching(let etag): [.ifMatch: etag]
    case .absent: [.ifNoneMatch: "*"]
    }
  }
}

extension UploadReceipt {
  init(_ answer: JSON, headers: HTTPFields) {
    self.init(
      etag: headers[.eTag] ?? answer["etag"]?.stringValue,
      modified: answer["modified"].flatMap { UTCTime(json: $0) } ?? headers.time(.lastModified),
      size: ServerNumber.size(answer["size"]?.intValue), date: headers.time(.date), raw: answer)
  }
}

extension FileContent {
  init(_ response: TransportResponse) {
    let headers = response.headers
    let etag = headers[.eTag]
    let modified = headers.time(.lastModified)
    if response.status == 304 {
      self.init(isUnchanged: true, etag: etag, modified: modified, body: ByteStream([]))
    } else if response.status == 206, let range = ContentRange(headers: headers) {
      self.init(offset: range.offset, size: range.size, etag: etag, modified: modified, body: response.body)
    } else {
      let isEncoded = headers[.contentEncoding] != nil
      let length = headers[.contentLength].flatMap { ServerNumber.size($0) }
      self.init(size: isEncoded ? nil : length, etag: etag, modified: modified, body: response.body)
    }
  }
}

extension HTTPFields {
  /// The time in a header such as `Last-Modified`.
  func time(_ name: HTTPField.Name) -> UTCTime? { self[name].flatMap { UTCTime(httpDate: $0) } }
}

/// `Content-Range: bytes 0-99/1234` or `bytes 0-99/*` (RFC 9110 §14.4).
struct ContentRange {
  var offset: Int64
  /// The last byte of the part.
  var last: Int64
  var size: Int64?

  init?(headers: HTTPFields) {
    guard let value = headers[.contentRange], value.hasPrefix("bytes ") else { return nil }
    let parts = value.dropFirst(6).split(separator: "/")
    let ends = parts.first?.split(separator: "-") ?? []
    guard parts.count == 2, ends.count == 2, let first = ServerNumber.size(ends[0]),
      let last = ServerNumber.size(ends[1]), last >= first
    else { return nil }
    offset = first
    self.last = last
    size = ServerNumber.size(parts[1])
  }
}
