internal import BerayAPI
internal import HTTPTypes

/// Turns answers whose status is not 2xx into errors.
enum ErrorAnswer {
  /// - Parameters:
  ///   - isSecret: whether the request carried credentials. Servers repeat them in `input`.
  ///   - secrets: strings that must not appear in the error.
  static func error(
    status: Int, headers: HTTPFields, body: [UInt8], operation: String, isSecret: Bool, secrets: Secrets
  ) -> BerayError {
    var json = try? JSON(parsing: body)
    if isSecret { json = json?.removingEverywhere(["input", "ctx"]) }
    json = json.map(secrets.masked)
    let rawDetail = json?["detail"]
    let detail =
      if (300..<400).contains(status), let location = headers[.location] {
        "the server redirects to \(secrets.masked(location)); redirects are not followed: use that address"
      } else {
        rawDetail.map(sentence) ?? json.flatMap { message(in: $0) }
          ?? plainText(body, headers: headers, without: secrets)
      }
    return BerayError(
      code(of: status), status: status, detail: ShownText.escaped(detail), rawDetail: rawDetail,
      retryAfter: headers[.retryAfter].flatMap { ServerNumber.wait($0) }, operation: operation)
  }

  static func code(of status: Int) -> BerayError.Code {
    switch status {
    case 401, 403: .authentication
    case 404: .notFound
    case 409: .conflict
    case 422: .unprocessableEntity
    default: .api
    }
  }

  /// One line for a `detail`. A string stays as it is. A list of objects (FastAPI's 422) becomes `location: message`
  /// for each.
  private static func sentence(_ detail: JSON) -> String {
    switch detail {
    case .string(let text): text
    case .array(let elements): elements.map(sentence).joined(separator: "; ")
    case .object:
      if let message = message(in: detail) {
        (detail["loc"]?.arrayValue).map { location in
          location.map { $0.stringValue ?? $0.serialized() }.joined(separator: ".") + ": " + message
        } ?? message
      } else {
        detail.removing(["input", "ctx"]).serialized()
      }
    default: detail.serialized()
    }
  }

  private static func message(in json: JSON) -> String? {
    for name in ["msg", "message", "error"] {
      if let text = json[name]?.stringValue { return text }
    }
    return nil
  }

  private static func plainText(_ body: [UInt8], headers: HTTPFields, without secrets: Secrets) -> String {
    guard headers[.contentType]?.hasPrefix("text/plain") == true else { return "" }
    let text = secrets.masked(String(decoding: body, as: UTF8.self))
    return String(text.prefix { !$0.isNewline }.prefix(500))
  }
}
