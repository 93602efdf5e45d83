internal import BerayAPI

/// The address of a server: `http://HOST:PORT` or `https://HOST`, optionally followed by a path prefix, or `unix:/PATH`
/// for a socket on this machine.
public struct ServerAddress: Hashable, Sendable, LosslessStringConvertible {
  enum Scheme: String, Hashable, Sendable {
    case http
    case https
    case unix
  }

  let scheme: Scheme
  /// The host name or IP address (IPv6 without brackets). For `unix`, the path of the socket.
  let host: String
  let port: Int?
  /// The path before `/api/v1`: empty, or a path that begins with `/`.
  let prefix: String

  /// Parses an address.
  /// - Throws: ``BerayError/Code/invalidRequest``; its detail shows what an address looks like.
  public init(parsing text: String) throws(BerayError) {
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    let isSocket = parts[0].lowercased() == Scheme.unix.rawValue
    // Checked first, because the other errors would repeat the password before the `@`.
    if !isSocket, Self.hasUserInfo(text) {
      throw BerayError(
        .invalidRequest, detail: "the server's URL holds a user name or a password: leave it out and log in instead",
        operation: "parse URL")
    }
    guard parts.count == 2, let scheme = Scheme(rawValue: parts[0].lowercased()),
      !text.unicodeScalars.contains(where: { $0.value <= 0x20 || $0.value == 0x7F })
    else {
      throw Self.refusal(text, "write http://HOST:PORT, https://HOST:PORT or unix:/PATH")
    }
    let rest = parts[1]
    if scheme == .unix {
      let path = rest.hasPrefix("///") ? rest.dropFirst(2) : rest
      guard path.hasPrefix("/"), !path.hasPrefix("//") else { throw Self.refusal(text, "write unix:/PATH") }
      // sun_path of sockaddr_un(7) has 108 bytes, one of them the NUL.
      guard path.utf8.count < 108 else { throw Self.refusal(text, "the path of a socket has at most 107 bytes") }
      self.init(scheme: .unix, host: String(path), port: nil, prefix: "")
      return
    }
    guard rest.hasPrefix("//") else { throw Self.refusal(text, "write \(scheme)://HOST:PORT") }
    let authority = rest.dropFirst(2).prefix { $0 != "/" && $0 != "?" && $0 != "#" }
    let path = rest.dropFirst(2 + authority.count)
    guard !path.contains("?"), !path.contains("#") else {
      throw Self.refusal(text, "leave out what begins with ? or #")
    }
    guard let (host, port) = Self.split(authority) else { throw Self.refusal(text, "write \(scheme)://HOST:PORT") }
    let segments = path.split(separator: "/").map { "/" + $0 }
    self.init(scheme: scheme, host: host, port: port, prefix: segments.joined())
  }

  /// Parses an address; nil if it is none. ``init(parsing:)`` tells why.
  public init?(_ description: String) {
    guard let address = try? ServerAddress(parsing: description) else { return nil }
    self = address
  }

  private init(scheme: Scheme, host: String, port: Int?, prefix: String) {
    self.scheme = scheme
    self.host = host
    self.port = port
    self.prefix = prefix
  }

  /// The address as ``init(parsing:)`` reads it.
  public var description: String {
    scheme == .unix ? "unix:\(host)" : "\(scheme.rawValue)://\(authority)\(prefix)"
  }

  /// Whether the server is on this machine: a socket, `localhost`, 127.0.0.0/8 or ::1.
  public var isLocal: Bool {
    if scheme == .unix || host == "localhost" || host == "::1" { return true }
    let parts = host.split(separator: ".", omittingEmptySubsequences: false)
    return parts.count == 4 && parts[0] == "127"
      && parts.allSatisfy { part in part.utf8.allSatisfy { (48...57).contains($0) } && UInt8(part) != nil }
  }

  /// Whether others can read the traffic: plain HTTP to another machine.
  public var isInsecure: Bool { scheme == .http && !isLocal }

  /// The value of the `Host` header.
  var authority: String {
    guard scheme != .unix else { return "localhost" }
    let name = host.contains(":") ? "[\(host)]" : host
    return port.map { "\(name):\($0)" } ?? name
  }

  /// The URL of `target`, which begins with `/`, in the form that async-http-client expects.
  func url(_ target: String) -> String {
    guard scheme == .unix else { return "\(scheme.rawValue)://\(authority)\(target)" }
    let socket = Route.percentEncoded(host).split(separator: "/", omittingEmptySubsequences: false)
    return "http+unix://\(socket.joined(separator: "%2F"))\(target)"
  }

  /// Whether the text may contain a password. An `@` is harmless only in the path after a valid `HOST:PORT`: a password
  /// may contain any character, even `/`, and the scheme may be missing.
  private static func hasUserInfo(_ text: String) -> Bool {
    guard text.contains("@") else { return false }
    guard let start = text.firstRange(of: "://")?.upperBound else { return true }
    let authority = text[start...].prefix { $0 != "/" && $0 != "?" && $0 != "#" }
    return split(authority) == nil
  }

  private static func split(_ authority: Substring) -> (host: String, port: Int?)? {
    var host = authority
    var rest: Substring = ""
    if authority.hasPrefix("[") {
      guard let end = authority.firstIndex(of: "]") else { return nil }
      host = authority[authority.index(after: authority.startIndex)..<end]
      rest = authority[authority.index(after: end)...]
      guard host.contains(":"), host.allSatisfy({ $0.isHexDigit || $0 == ":" || $0 == "." }) else { return nil }
    } else if let colon = authority.firstIndex(of: ":") {
      host = authority[..<colon]
      rest = authority[colon...]
    }
    guard !host.isEmpty, !host.contains("%"), !host.contains("@") else { return nil }
    guard !rest.isEmpty else { return (host.lowercased(), nil) }
    guard rest.hasPrefix(":"), let port = UInt16(rest.dropFirst()), port > 0 else { return nil }
    return (host.lowercased(), Int(port))
  }

  private static func refusal(_ text: String, _ advice: String) -> BerayError {
    BerayError(
      .invalidRequest, detail: "\"\(ShownText.escaped(text))\" is not a server address: \(advice)",
      operation: "parse URL")
  }
}
