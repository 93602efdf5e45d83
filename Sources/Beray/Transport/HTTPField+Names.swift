internal import BerayAPI
internal import HTTPTypes

extension HTTPField.Name {
  static let idempotencyKey = HTTPField.Name(HeaderName.idempotencyKey)!
  static let ifRange = HTTPField.Name(HeaderName.ifRange)!
  static let lastEventID = HTTPField.Name(HeaderName.lastEventID)!
}
