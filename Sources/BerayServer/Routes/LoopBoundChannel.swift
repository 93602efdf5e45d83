internal import EventLoops
internal import Hummingbird
internal import HummingbirdCore
internal import Logging
internal import NIOCore
internal import NIOHTTPTypesHTTP1

/// A connection whose requests are handled on its own event loop. Blocking work belongs on ``Services/threads``.
struct LoopBoundChannel<Base: ServerChildChannel>: ServerChildChannel {
  let base: Base

  func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Base.Value> {
    base.setup(channel: channel, logger: logger).flatMapThrowing { value in
      let pipeline = channel.pipeline.syncOperations
      let codec = try pipeline.handler(type: HTTP1ToHTTPServerCodec.self)
      try pipeline.addHandler(RequestTargetHandler(), position: .before(codec))
      return value
    }
  }

  func handle(value: Base.Value, logger: Logger) async {
    await withTaskExecutorPreference(EventLoopExecutor(value.channel.eventLoop)) {
      await base.handle(value: value, logger: logger)
    }
  }
}

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
