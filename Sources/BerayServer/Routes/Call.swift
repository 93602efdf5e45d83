internal import BerayAPI
internal import HTTPTypes
internal import Hummingbird
internal import NIOCore
internal import NIOPosix

/// Where a connection came in.
enum Origin: Sendable {
  /// The unix socket, which only its owner can reach.
  case unixSocket
  case network
}

/// One request on its way to its handler.
struct Call: Sendable {
  let request: Request
  let origin: Origin
  let query: FormFields
  /// What sends an answer piece by piece holds on to it until the last one.
  let use: Activity.Use
  let services: Services
  /// The address of who sent it; empty for the unix socket.
  let peer: String
  /// What its body may have, in bytes.
  let maximumBody: Int
  /// The task that the path names.
  var task: Int64?
  /// Who asks, where the endpoint wants to know.
  var account: Account?
  /// Of the token that came with the request.
  var tokenHash: [UInt8]?

  static let maximumBody = 8 << 20
  /// What those may send who have not told who they are.
  static let maximumBodyOfStrangers = 16 << 10
  /// What is parsed at once; what is larger would hold up the other connections of its event loop.
  private static let maximumParsedAtOnce = 32 << 10

  /// The path that `name` in the query gives; `otherwise` where it is absent.
  func path(_ name: String, otherwise: String? = nil) throws -> RelativePath {
    guard let text = query[name] ?? otherwise else {
      throw HTTPFailure.unprocessable(["query", .string(name)], type: "missing", "Field required")
    }
    return try RelativePath(text)
  }

  func flag(_ name: String) throws -> Bool {
    guard let text = query[name] else { return false }
    switch text.lowercased() {
    case "true", "1", "yes", "on", "t", "y": return true
    case "false", "0", "no", "off", "f", "n": return false
    default:
      throw HTTPFailure.unprocessable(
        ["query", .string(name)], type: "bool_parsing",
        "Input should be a valid boolean, unable to interpret input")
    }
  }

  func header(_ name: HTTPField.Name) -> String? { request.headers[name] }

  /// The body as a JSON object.
  func json() async throws -> JSONBody {
    let (bytes, share) = try await body()
    let isSmall = bytes.readableBytes <= Self.maximumParsedAtOnce
    let parsed =
      isSmall
      ? try? JSON(parsing: bytes.readableBytesView)
      : try await services.threads.runIfActive { try? JSON(parsing: bytes.readableBytesView) }
    guard let json = parsed else {
      throw HTTPFailure.unprocessable(["body", 0], type: "json_invalid", "JSON decode error")
    }
    guard json.objectValue != nil else {
      throw HTTPFailure.unprocessable(
        ["body"], type: "model_attributes_type", "Input should be a valid dictionary or object")
    }
    return JSONBody(json: json, share: share)
  }

  /// The body as an HTML form.
  func form() async throws -> FormFields { FormFields(String(buffer: try await body().bytes)) }

  private func body() async throws -> (bytes: ByteBuffer, share: BodyBudget.Share) {
    let tooLarge = HTTPFailure(.contentTooLarge, "The body has more than \(maximumBody) bytes")
    if let length = header(.contentLength).flatMap({ Int($0) }), length > maximumBody {
      await discard(length)
      throw tooLarge
    }
    let share = services.bodies.share()
    var bytes = ByteBuffer()
    try await pieces { piece in
      guard bytes.readableBytes + piece.readableBytes <= maximumBody else { throw tooLarge }
      // The values that are parsed from it take several times as much.
      try share.take(piece.readableBytes)
      bytes.writeImmutableBuffer(piece)
    }
    return (bytes, share)
  }

  /// Reads the rest of a body that is too large, if it is not much larger, so that the client gets the answer instead
  /// of a broken connection.
  private func discard(_ length: Int) async {
    guard length <= 1 << 20 else { return }
    try? await pieces { _ in }
  }

  /// Hands on the body piece by piece.
  /// - Throws: ``ClientGone`` if the connection ends before it does.
  func pieces(_ take: (ByteBuffer) async throws -> Void) async throws {
    var iterator = request.body.makeAsyncIterator()
    while true {
      let piece: ByteBuffer?
      do { piece = try await iterator.next() } catch { throw ClientGone() }
      guard let piece else { return }
      try await take(piece)
    }
  }
}

/// The client ended its connection within a request, which is its right.
struct ClientGone: Error {}

/// A JSON object that a request brought, with the complaints that pydantic would make of it.
struct JSONBody: Sendable {
  let json: JSON
  /// Of the memory for bodies, as long as this one is there.
  let share: BodyBudget.Share

  func string(_ name: String) throws -> String {
    guard let value = json[name] else { throw complaint(name, "missing", "Field required") }
    guard let text = value.stringValue else { throw complaint(name, "string_type", "Input should be a valid string") }
    return text
  }

  func path(_ name: String) throws -> RelativePath { try RelativePath(try string(name)) }

  func flag(_ name: String) throws -> Bool {
    switch json[name] {
    case nil, .null: return false
    case .bool(let value): return value
    default: throw complaint(name, "bool_type", "Input should be a valid boolean")
    }
  }

  func complaint(_ name: String, _ type: String, _ message: String) -> HTTPFailure {
    .unprocessable(["body", .string(name)], type: type, message)
  }
}
