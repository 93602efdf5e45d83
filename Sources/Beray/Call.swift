internal import BerayAPI
internal import HTTPTypes

/// One operation of the API with its arguments.
struct Call: Sendable {
  enum Body: Sendable {
    case none
    case json(JSON)
    case form(String)
    case upload(UploadBody, contentType: String, UploadProgress)
  }

  /// The key under which statistics count the call.
  var name: String
  var method: String
  /// The path and query, from the server's root.
  var target: String
  /// The name in error messages, such as `GET tasks/7`.
  var operation: String
  var headers: HTTPFields = [:]
  var body = Body.none
  var isAuthentication = false
  /// Strings in the request that no error may repeat.
  var secrets: [String] = []

  init(
    _ route: Route, task: TaskID? = nil, query: [(name: String, value: String)] = [], body: Body = .none,
    headers: HTTPFields = [:], secrets: [String] = []
  ) {
    let path = route.path(for: task)
    name = route.rawValue
    method = route.method
    target = Route.prefix + path + Route.query(query)
    operation = "\(route.method) \(path)"
    self.headers = headers
    self.body = body
    isAuthentication = route.isAuthentication
    self.secrets = secrets
  }

  /// `GET /openapi.json`.
  init(openAPI path: String) {
    name = "openapi"
    method = "GET"
    target = path
    operation = "GET \(path)"
  }

  /// Whether sending it twice has the same effect as sending it once (RFC 9110 §9.2.2).
  /// A server that honours the idempotency key runs the request once, however often it arrives.
  var isIdempotent: Bool {
    method == "GET" || method == "PUT" || method == "DELETE" || headers[.idempotencyKey] != nil
  }

  func request(token: String?, prefix: String, userAgent: String) -> TransportRequest {
    var request = TransportRequest(method: method, target: prefix + target, headers: headers, operation: operation)
    request.headers[.userAgent] = userAgent
    // Without this header, some proxies compress the answer.
    request.headers[.acceptEncoding] = "identity"
    if let token { request.headers[.authorization] = "Bearer \(token)" }
    switch body {
    case .none:
      break
    case .json(let json):
      request.headers[.contentType] = "application/json"
      request.body = .bytes(json.serializedBytes())
    case .form(let form):
      request.headers[.contentType] = "application/x-www-form-urlencoded"
      request.body = .bytes(Array(form.utf8))
    case .upload(let upload, let contentType, let progress):
      request.headers[.contentType] = contentType
      if let bytes = upload.small {
        progress.advance()
        request.body = .bytes(bytes)
      } else {
        request.body = .stream(progress.counting(upload.open()), length: upload.length)
      }
    }
    return request
  }
}
