internal import HTTPTypes
internal import NIOCore
internal import NIOHTTPTypes

/// Watches one connection. It closes the connection if a request takes too long, and reports it as idle between
/// requests. It answers `Expect: 100-continue` at once, so that no client delays its body (RFC 9110 §10.1.1).
final class ConnectionHandler: ChannelDuplexHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPRequestPart
  typealias OutboundIn = HTTPResponsePart
  typealias OutboundOut = HTTPResponsePart

  private let limit: ConnectionLimit?
  /// How long the connection may be idle, and how long a request other than an upload may take to arrive.
  private let deadline: TimeAmount?
  private var timer: Scheduled<Void>?
  private var idleKey: UInt64?
  private var isCounted = false
  /// Whether a request is still arriving. The connection is idle if this and `isAnswering` are false.
  private var isReceiving = false
  private var isAnswering = false

  init(limit: ConnectionLimit?, deadline: TimeAmount?) {
    self.limit = limit
    self.deadline = deadline
  }

  func handlerAdded(context: ChannelHandlerContext) {
    isCounted = true
    limit?.opened()
    becomeIdle(context)
  }

  func channelInactive(context: ChannelHandlerContext) {
    leave()
    context.fireChannelInactive()
  }

  func handlerRemoved(context: ChannelHandlerContext) { leave() }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head):
      (isReceiving, isAnswering) = (true, true)
      if let key = idleKey.take() { limit?.isBusy(key) }
      timer?.cancel()
      timer = nil
      if !Self.isUpload(head) { start(context) }
      if head.headerFields[.expect]?.lowercased() == "100-continue" {
        context.writeAndFlush(wrapOutboundOut(.head(HTTPResponse(status: .continue))), promise: nil)
      }
    case .end:
      isReceiving = false
      timer?.cancel()
      timer = nil
      if !isAnswering { becomeIdle(context) }
    case .body: break
    }
    context.fireChannelRead(data)
  }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    if case .end = unwrapOutboundIn(data) {
      isAnswering = false
      if !isReceiving { becomeIdle(context) }
    }
    context.write(data, promise: promise)
  }

  private func becomeIdle(_ context: ChannelHandlerContext) {
    idleKey = limit?.isIdle(context.channel)
    start(context)
  }

  private func start(_ context: ChannelHandlerContext) {
    guard let deadline else { return }
    timer?.cancel()
    let channel = context.channel
    timer = context.eventLoop.assumeIsolated().scheduleTask(in: deadline) { channel.close(promise: nil) }
  }

  private func leave() {
    timer?.cancel()
    timer = nil
    guard isCounted else { return }
    isCounted = false
    limit?.closed(idleKey.take())
  }

  /// Whether the body may take any time to arrive, as long as bytes keep coming.
  private static func isUpload(_ head: HTTPRequest) -> Bool {
    let path = head.path ?? ""
    return head.method == .put || head.method == .post && path.utf8.contains(Array("/files/append".utf8))
  }
}

extension HTTPField.Name {
  fileprivate static let expect = HTTPField.Name("Expect")!
}
