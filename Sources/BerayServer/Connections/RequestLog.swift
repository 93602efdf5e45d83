internal import BerayAPI
internal import HTTPTypes
internal import Hummingbird
internal import Logging
internal import NIOCore
internal import Synchronization

/// Logs one request in one line: method, target, status, bytes, milliseconds, user, peer.
struct RequestLog: Sendable {
  private let start = ContinuousClock.now
  private let request: String
  private let peer: String
  private let level: Logger.Level
  private let logger: Logger
  private let metrics: Metrics

  init(_ request: Request, origin: Origin, peer: String, services: Services) {
    let target = request.head.path ?? ""
    self.request = "\(request.method) \(ShownText.escaped(String(target.prefix(1024))))"
    self.peer = origin == .unixSocket ? "unix" : peer
    // A local mount sends many requests, and its user looks at the mount rather than at this log.
    level = origin == .unixSocket ? .debug : .info
    logger = services.logger
    metrics = services.metrics
  }

  /// Logs a small answer at once, and any other once its body was sent or broke off. Returns the response to send.
  func following(_ response: Response, user: String?) -> Response {
    var response = response
    let status = response.status.code
    let body = response.body
    if let length = body.contentLength, length <= 1 << 20 {
      tell(status, bytes: length, user: user, note: "")
      return response
    }
    response.body = ResponseBody(contentLength: body.contentLength) { writer in
      let count = BodyBytes()
      do {
        let counted = body.map { piece in
          count.add(piece.readableBytes)
          return piece
        }
        try await counted.write(writer)
        tell(status, bytes: count.total, user: user, note: "")
      } catch {
        tell(status, bytes: count.total, user: user, note: " (cut short)")
        throw error
      }
    }
    return response
  }

  /// Logs that the client disconnected before its request was complete.
  func hungUp(user: String?) { tell(499, bytes: 0, user: user, note: " (the client hung up)") }

  private func tell(_ status: Int, bytes: Int, user: String?, note: String) {
    let duration = ContinuousClock.now - start
    metrics.request(status: status, bytes: bytes, duration: duration)
    guard logger.logLevel <= level else { return }
    let tenths = duration / .microseconds(100)
    let milliseconds = "\(Int(tenths) / 10).\(Int(tenths) % 10)"
    let who = ShownText.escaped(user ?? "-")
    logger.log(level: level, "\(request) \(status) \(bytes) bytes \(milliseconds) ms \(who) \(peer)\(note)")
  }
}

/// How many bytes of an answer were passed on.
private final class BodyBytes: Sendable {
  private let bytes = Atomic(0)
  var total: Int { bytes.load(ordering: .relaxed) }
  func add(_ count: Int) { bytes.add(count, ordering: .relaxed) }
}
