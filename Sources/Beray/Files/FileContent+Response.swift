internal import BerayAPI
internal import HTTPTypes

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
