import Beray
import BerayAPI
import HTTPTypes
import Synchronization

/// A transport that answers by a script and records what it was asked.
final class ScriptedTransport: BerayClient.Transport {
  typealias Step = @Sendable (TransportRequest) async throws(BerayError) -> TransportResponse

  private struct State {
    var steps: [Step]
    /// Whether the script has steps for `/openapi.json`; else the server has no such document.
    var describesItself: Bool
    var requests: [TransportRequest] = []
  }

  private let state: Mutex<State>

  /// - Parameter steps: one for each request; the last one is kept for all that follow.
  convenience init(describesItself: Bool = false, _ steps: Step...) {
    self.init(describesItself: describesItself, steps)
  }

  init(describesItself: Bool = false, _ steps: [Step]) {
    state = Mutex(State(steps: steps, describesItself: describesItself))
  }

  var requests: [TransportRequest] { state.withLock { $0.requests } }

  func execute(_ request: TransportRequest) async throws(BerayError) -> TransportResponse {
    let step = state.withLock { state -> Step? in
      if request.target.hasSuffix("/openapi.json"), !state.describesItself { return nil }
      state.requests.append(request)
      return state.steps.count > 1 ? state.steps.removeFirst() : state.steps[0]
    }
    return try await (step ?? Self.answer(404))(request)
  }

  func shutdown() async {}

  static func answer(_ status: Int = 200, _ body: String = "{}", _ headers: HTTPFields = [:]) -> Step {
    { _ in TransportResponse(status: status, headers: headers, body: ByteStream(Array(body.utf8))) }
  }

  static func failure(_ code: BerayError.Code) -> Step {
    { request throws(BerayError) in throw BerayError(code, detail: "scripted", operation: request.operation) }
  }

  /// Answers nothing until the waiting task is cancelled.
  static let silence: Step = { request throws(BerayError) in
    await untilCancelled()
    throw BerayError(.cancelled, detail: "", operation: request.operation)
  }
}

/// Returns when the task is cancelled.
func untilCancelled() async {
  let (stream, continuation) = AsyncStream.makeStream(of: Never.self)
  for await _ in stream {}
  continuation.finish()
}

extension TransportRequest {
  var text: String {
    if case .bytes(let bytes) = body { String(decoding: bytes, as: UTF8.self) } else { "" }
  }
}

/// A client on a scripted transport, whose pauses between retries take no time.
func makeClient(
  _ transport: ScriptedTransport, token: String? = "t0ken", url: String = "http://localhost:8000",
  _ change: (inout BerayClient.Configuration) -> Void = { _ in }
) throws -> BerayClient {
  var configuration = BerayClient.Configuration()
  configuration.pause = { _ in try Task.checkCancellation() }
  change(&configuration)
  return BerayClient(
    address: try ServerAddress(parsing: url), credentials: StaticCredentials(token: token),
    configuration: configuration,
    transport: transport)
}
