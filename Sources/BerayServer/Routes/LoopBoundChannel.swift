internal import EventLoops
internal import Hummingbird
internal import HummingbirdCore
internal import Logging
internal import NIOCore

/// A connection whose requests are handled on its own event loop: what blocks goes to ``Services/threads``.
struct LoopBoundChannel<Base: ServerChildChannel>: ServerChildChannel {
  let base: Base

  func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Base.Value> {
    base.setup(channel: channel, logger: logger)
  }

  func handle(value: Base.Value, logger: Logger) async {
    await withTaskExecutorPreference(EventLoopExecutor(value.channel.eventLoop)) {
      await base.handle(value: value, logger: logger)
    }
  }
}

extension HTTPServerBuilder {
  /// HTTP/1.1, each connection on its own event loop.
  /// - Parameter timeout: how long a connection may be without a whole request; an answer may take any time.
  static func loopBound(timeout: Duration? = nil) -> HTTPServerBuilder {
    let configuration = HTTP1Channel.Configuration(idleTimeout: timeout.map { TimeAmount($0) })
    return HTTPServerBuilder { LoopBoundChannel(base: HTTP1Channel(responder: $0, configuration: configuration)) }
  }
}
