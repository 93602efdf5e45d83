internal import BerayAPI
internal import HTTPTypes
internal import Hummingbird
internal import NIOCore
internal import NIOPosix

/// The kind of listener that accepted a connection.
enum Origin: Sendable {
  /// The unix socket. Only its owner can connect.
  case unixSocket
  case network
}

/// One request on its way to its handler.
struct IncomingCall: Sendable {
  let request: Request
  let origin: Origin
  let query: FormFields
  /// An answer that is sent piece by piece must hold this until the last one.
  let use: Activity.Use
  let services: Services
  /// The address of the client; empty for the unix socket.
  let peer: String
  /// The largest body that it may have, in bytes.
  let maximumBody: Int
  /// The task that the path names.
  var task: Int64?
  /// The user who sent it; nil if the endpoint needs no user.
  var account: Account?
  /// The hash of the token in the request.
  var tokenHash: [UInt8]?

  static let maximumBody = 8 << 20
  /// The largest body of a request that needs no user, in bytes.
  static let maximumBodyOfStrangers = 16 << 10
  /// A larger body is parsed on another thread, because it would delay the other connections of the event loop.
  private static let maximumParsedAtOnce = 32 << 10

  /// The path in the query field `name`; `otherwise` if the field is missing.
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

  /// The request's preconditions on the version of its file.
  var condition: FileCondition {
    FileCondition(ifMatch: header(.ifMatch), ifNoneMatch: header(.ifNoneMatch))
  }

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
      // The budget counts these bytes only. The values parsed from them take several times as much memory.
      try share.take(piece.readableBytes)
      bytes.writeImmutableBuffer(piece)
    }
    return (bytes, share)
  }

  /// Reads and drops a body that is too large, unless it is huge. Otherwise the connection would break before the
  /// client gets the answer.
  private func discard(_ length: Int) async {
    guard length <= 1 << 20 else { return }
    try? await pieces { _ in }
  }

  /// Passes on the body piece by piece.
  /// - Throws: ``ClientGone`` if the connection ends before the body does.
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

/// The client disconnected during a request. This is normal and not an error of the server.
struct ClientGone: Error {}

/// The JSON object in a request's body. Its errors are worded like pydantic's.
struct JSONBody: Sendable {
  let json: JSON
  /// Keeps the memory of this body reserved while the body exists.
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
