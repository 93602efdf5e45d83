internal import NIOCore
internal import NIOHTTP1

/// Keeps the server that a request line names, which is lost behind this place: where it is not that of Host, it becomes
/// a second Host, which no request may have (RFC 9112 §3.2).
final class RequestTargetHandler: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias InboundOut = HTTPServerRequestPart

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard case .head(var head) = unwrapInboundIn(data), let named = Self.authority(ofTarget: head.uri),
      head.headers.first(name: "Host")?.lowercased() != named.lowercased()
    else { return context.fireChannelRead(data) }
    head.headers.add(name: "Host", value: named)
    context.fireChannelRead(wrapInboundOut(.head(head)))
  }

  /// Of `http://host:port/path`; nil if the target is a path.
  private static func authority(ofTarget target: String) -> String? {
    guard target.utf8.first != UInt8(ascii: "/") else { return nil }
    let parts = target.split(separator: "://", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2 else { return nil }
    return String(parts[1].prefix { !"/?#".contains($0) })
  }
}
