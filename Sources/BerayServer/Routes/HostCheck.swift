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

  /// - Throws: 400 if the request has more than one Host or one that is none (RFC 9112 §3.2); 421 where it is for
  ///   another server.
  func check(_ request: HTTPRequest) throws(HTTPFailure) {
    // The first Host is the authority; another one, also of the request line, stays among the fields.
    guard request.headerFields[.host] == nil else { throw .badRequest("The request has two Host fields") }
    guard let authority = request.authority else { throw .badRequest("The request has no Host field") }
    guard let host = Self.host(of: authority) else {
      throw .badRequest("The Host of the request is not a host with an optional port")
    }
    guard let allowed, !allowed.contains(host) else { return }
    throw HTTPFailure(.misdirectedRequest, "This server does not answer for that host")
  }

  /// The host of `host` or `host:port` (RFC 3986 §3.2); nil if it is not of that form.
  private static func host(of authority: String) -> String? {
    var rest = authority[...]
    let host: Substring
    if rest.hasPrefix("[") {
      guard let end = rest.firstIndex(of: "]") else { return nil }
      host = rest[rest.index(after: rest.startIndex)..<end]
      guard host.allSatisfy({ $0.isHexDigit || $0 == ":" || $0 == "." }) else { return nil }
      rest = rest[rest.index(after: end)...]
    } else {
      host = rest.prefix { $0 != ":" }
      guard host.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || "-._~%!$&'()*+,;=".contains($0)) }) else {
        return nil
      }
      rest = rest[host.endIndex...]
    }
    guard !host.isEmpty, rest.isEmpty || rest.hasPrefix(":") && rest.dropFirst().allSatisfy(\.isASCIIDigit) else {
      return nil
    }
    return host.lowercased()
  }
}

extension HTTPField.Name {
  fileprivate static let host = HTTPField.Name("Host")!
}
