internal import BerayAPI
internal import HTTPTypes
internal import Hummingbird
internal import NIOCore

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
  /// The task that the path names.
  var task: Int64?
  /// Who asks, where the endpoint wants to know.
  var account: Account?
  /// Of the token that came with the request.
  var tokenHash: [UInt8]?

  /// What a body of JSON may have, in bytes.
  static let maximumBody = 8 << 20

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
    let bytes = try await body()
    guard let json = try? JSON(parsing: bytes.readableBytesView) else {
      throw HTTPFailure.unprocessable(["body", 0], type: "json_invalid", "JSON decode error")
    }
    guard json.objectValue != nil else {
      throw HTTPFailure.unprocessable(
        ["body"], type: "model_attributes_type", "Input should be a valid dictionary or object")
    }
    return JSONBody(json: json)
  }

  /// The body as an HTML form.
  func form() async throws -> FormFields { FormFields(String(buffer: try await body())) }

  private func body() async throws -> ByteBuffer {
    do {
      return try await request.body.collect(upTo: Self.maximumBody)
    } catch is NIOTooManyBytesError {
      throw HTTPFailure(.contentTooLarge, "The body has more than \(Self.maximumBody) bytes")
    }
  }
}

/// A JSON object that a request brought, with the complaints that pydantic would make of it.
struct JSONBody: Sendable {
  let json: JSON

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
