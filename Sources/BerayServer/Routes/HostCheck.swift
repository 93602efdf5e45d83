internal import HTTPTypes

/// Refuses requests whose Host is not this server, so that a web page cannot reach it under a name of its own that it made
/// to point here (DNS rebinding).
struct HostCheck: Sendable {
  /// Nil: any.
  private let allowed: Set<String>?

  /// For a socket that no web page reaches.
  static let none = HostCheck(allowed: nil)

  private init(allowed: Set<String>?) { self.allowed = allowed }

  init(_ tcp: ServerConfiguration.TCP) {
    // A proxy has checked. Other machines know the server by names that it does not; there, a name that leads here by
    // trickery does not fit the certificate.
    let isCheckedElsewhere = tcp.isBehindProxy || tcp.isSecure && !tcp.isLoopback
    self.init(allowed: isCheckedElsewhere ? nil : ["localhost", "127.0.0.1", "::1", tcp.host.lowercased()])
  }

  /// - Parameter authority: `host` or `host:port`, as the Host header has it.
  func check(_ authority: String?) throws(HTTPFailure) {
    guard let allowed else { return }
    guard let authority, let host = Self.host(of: authority), allowed.contains(host) else {
      throw HTTPFailure(.misdirectedRequest, "This server does not answer for that host")
    }
  }

  private static func host(of authority: String) -> String? {
    if authority.hasPrefix("[") {
      guard let end = authority.firstIndex(of: "]") else { return nil }
      return authority[authority.index(after: authority.startIndex)..<end].lowercased()
    }
    let parts = authority.split(separator: ":", omittingEmptySubsequences: false)
    return parts.count <= 2 ? parts.first?.lowercased() : nil
  }
}
