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
  static var loopBound: HTTPServerBuilder {
    HTTPServerBuilder { LoopBoundChannel(base: HTTP1Channel(responder: $0)) }
  }
}
