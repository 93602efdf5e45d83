internal import Hummingbird
internal import HummingbirdCore
internal import NIOCore

extension HTTPServerBuilder {
  /// HTTP/1.1, each connection on its own event loop.
  /// - Parameters:
  ///   - timeout: how long a connection may take to send a request, or stay idle. An answer may take any time.
  ///   - limit: closes idle connections if there are too many; nil for no limit.
  static func loopBound(timeout: Duration? = nil, limit: ConnectionLimit? = nil) -> HTTPServerBuilder {
    let deadline = timeout.map { TimeAmount($0) }
    let configuration = HTTP1Channel.Configuration(
      additionalChannelHandlers: [ConnectionHandler(limit: limit, deadline: deadline)], idleTimeout: deadline)
    return HTTPServerBuilder { LoopBoundChannel(base: HTTP1Channel(responder: $0, configuration: configuration)) }
  }
}
