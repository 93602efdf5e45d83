internal import Hummingbird

/// What a handler knows of a request besides the request itself: who sent it.
struct ServerContext: RequestContext {
  var coreContext: CoreRequestContextStorage
  /// The address of the other end, without its port; empty for a unix socket.
  let peer: String

  init(source: ApplicationRequestContextSource) {
    coreContext = .init(source: source)
    peer = source.channel.remoteAddress?.ipAddress ?? ""
  }
}
