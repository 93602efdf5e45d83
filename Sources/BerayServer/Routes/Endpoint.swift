internal import BerayAPI
internal import HTTPTypes
internal import Hummingbird

/// One operation of the API: its method and path, its description for OpenAPI, and its handler.
struct Endpoint: Sendable {
  struct Parameter: Sendable {
    enum Place: String, Sendable {
      case path
      case query
      case header
    }

    let name: String
    let place: Place
    /// The JSON schema type.
    var type = "string"
    var isRequired = false
  }

  /// A property of a JSON body.
  struct Property: Sendable {
    let name: String
    let schema: JSON
    var isRequired = true
  }

  enum Body: Sendable {
    case none
    case json([Property])
    case form([Property])
    case bytes
  }

  let method: HTTPRequest.Method
  /// In the form of OpenAPI, such as `/api/v1/tasks/{task_id}`.
  let path: String
  /// One sentence.
  let summary: String
  var needsUser = true
  var parameters: [Parameter] = []
  var body = Body.none
  /// The status codes for success, with the content type of each.
  var successes: [(status: Int, contentType: String)] = [(200, "application/json")]
  /// The JSON schema of a successful answer.
  var answer: JSON = [:]
  let handle: @Sendable (IncomingCall) async throws -> Response

  /// An operation of the shared contract.
  init(
    _ route: Route, _ summary: String, needsUser: Bool = true, parameters: [Parameter] = [], body: Body = .none,
    successes: [(status: Int, contentType: String)] = [(200, "application/json")], answer: JSON = [:],
    handle: @escaping @Sendable (IncomingCall) async throws -> Response
  ) {
    self.init(
      method: HTTPRequest.Method(rawValue: route.method) ?? .get,
      path: Route.prefix + route.template.replacing(":id", with: "{task_id}"), summary, needsUser: needsUser,
      parameters: parameters, body: body, successes: successes, answer: answer, handle: handle)
  }

  init(
    method: HTTPRequest.Method, path: String, _ summary: String, needsUser: Bool = true, parameters: [Parameter] = [],
    body: Body = .none, successes: [(status: Int, contentType: String)] = [(200, "application/json")],
    answer: JSON = [:], handle: @escaping @Sendable (IncomingCall) async throws -> Response
  ) {
    self.method = method
    self.path = path
    self.summary = summary
    self.needsUser = needsUser
    self.parameters = parameters
    self.body = body
    self.successes = successes
    self.answer = answer
    self.handle = handle
  }

  /// Whether a requested path matches ``path``.
  enum Match: Equatable {
    case no
    case yes
    /// It matches, with this text in place of `{task_id}`.
    case task(String)
  }

  func match(_ requested: String) -> Match {
    let (path, requested) = (path.utf8, requested.utf8)
    guard let open = path.firstIndex(of: UInt8(ascii: "{")), let close = path.firstIndex(of: UInt8(ascii: "}")) else {
      return path.elementsEqual(requested) ? .yes : .no
    }
    let before = path[..<open]
    let after = path[path.index(after: close)...]
    guard requested.starts(with: before), requested.count > before.count + after.count,
      requested.suffix(after.count).elementsEqual(after)
    else { return .no }
    let text = requested.dropFirst(before.count).dropLast(after.count)
    return text.contains(UInt8(ascii: "/")) ? .no : .task(String(decoding: text, as: UTF8.self))
  }
}
