internal import NIOCore
internal import NIOHTTP1

/// Keeps the authority of an absolute request target, which later handlers drop. If it differs from Host, it is added
/// as a second Host, and a request with two is refused (RFC 9112 §3.2).
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

  /// The authority of `http://host:port/path`; nil if the target is a path.
  private static func authority(ofTarget target: String) -> String? {
    guard target.utf8.first != UInt8(ascii: "/") else { return nil }
    let parts = target.split(separator: "://", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2 else { return nil }
    return String(parts[1].prefix { !"/?#".contains($0) })
  }
}
