internal import HTTPTypes

/// Refuses requests whose Host is not this server. It prevents DNS rebinding: a web page could otherwise point its own
/// host name at this server and send requests to it.
struct HostCheck: Sendable {
  /// The allowed hosts; nil for any.
  private let allowed: Set<String>?

  /// For a socket that no web page can reach.
  static let none = HostCheck(allowed: nil)

  private init(allowed: Set<String>?) { self.allowed = allowed }

  init(_ tcp: ServerConfiguration.TCP) {
    // A proxy has already checked Host. On a network, the server cannot know all its names, but TLS protects it: the
    // certificate does not match an attacker's name.
    let isCheckedElsewhere = tcp.isBehindProxy || tcp.isSecure && !tcp.isLoopback
    self.init(allowed: isCheckedElsewhere ? nil : ["localhost", "127.0.0.1", "::1", tcp.host.lowercased()])
  }

  /// - Throws: 400 if the request has no valid Host or more than one (RFC 9112 §3.2); 421 if it is for another server.
  func check(_ request: HTTPRequest) throws(HTTPFailure) {
    // The first Host became the authority. A second one, even from the request line, is still among the fields.
    guard request.headerFields[.host] == nil else { throw .badRequest("The request has two Host fields") }
    guard let authority = request.authority else { throw .badRequest("The request has no Host field") }
    guard let host = Self.host(of: authority) else {
      throw .badRequest("The Host of the request is not a host with an optional port")
    }
    guard let allowed, !allowed.contains(host) else { return }
    throw HTTPFailure(.misdirectedRequest, "This server does not answer for that host")
  }

  /// The host in `host` or `host:port` (RFC 3986 §3.2); nil if the text has another form.
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

extension Character {
  fileprivate var isASCIIDigit: Bool { self >= "0" && self <= "9" }
}

extension HTTPField.Name {
  fileprivate static let host = HTTPField.Name("Host")!
}
