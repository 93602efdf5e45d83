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

extension ContentRange {
  init?(headers: HTTPFields) {
    guard let value = headers[.contentRange] else { return nil }
    self.init(value)
  }
}

extension HTTPFields {
  /// The time in a header such as `Last-Modified`.
  func time(_ name: HTTPField.Name) -> UTCTime? { self[name].flatMap { UTCTime(httpDate: $0) } }
}
