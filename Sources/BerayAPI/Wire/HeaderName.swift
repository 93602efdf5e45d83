/// The names of headers that HTTP libraries have no constant for.
package enum HeaderName {
  /// Identifies a request, so that a server does not run a retry of it twice.
  package static let idempotencyKey = "Idempotency-Key"
  /// The version of which the client has a part (RFC 9110 §13.1.5).
  package static let ifRange = "If-Range"
  /// The id of the last event that the client has (WHATWG HTML §9.2.4).
  package static let lastEventID = "Last-Event-ID"
}
