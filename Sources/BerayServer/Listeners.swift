internal import Foundation
internal import Hummingbird
internal import HummingbirdCore
internal import HummingbirdTLS
internal import LinuxSystem
internal import Logging
internal import NIOCore
internal import NIOSSL
internal import ServiceLifecycle
internal import Synchronization
internal import SystemPackage

/// The sockets that the server listens on. Each has its own Hummingbird application; all share the same services.
struct Listeners: Sendable, CustomStringConvertible {
  let applications: [any Service]
  let description: String
  private let unixSocket: String?

  init(
    _ configuration: ServerConfiguration, _ services: Services, onReady: @escaping @Sendable (BoundAddresses) -> Void
  ) throws {
    // The other descriptors are for files, agents and the unix socket.
    let maximumConnections = max(1, min(configuration.maximumConnections, OpenFileLimit.raise() / 2))
    unixSocket = configuration.unixSocket
    description = [configuration.unixSocket, configuration.tcp.map { "\($0.host):\($0.port)" }]
      .compactMap(\.self).joined(separator: " or ")
    let readiness = Readiness(expected: (configuration.unixSocket == nil ? 0 : 1) + (configuration.tcp == nil ? 0 : 1))
    var applications: [any Service] = []
    if let path = configuration.unixSocket {
      try Self.prepare(path)
      applications.append(
        Application(
          responder: Responder(
            services: services, origin: .unixSocket, hosts: .none),
          server: .loopBound(),
          configuration: .init(address: .unixDomainSocket(path: path), serverName: "beray-fs"),
          onServerRunning: { _ in
            chmod(path, 0o600)
            if let all = readiness.add({ $0.unixSocket = path }) { onReady(all) }
          },
          logger: Self.quiet))
    }
    if let tcp = configuration.tcp {
      applications.append(
        Application(
          responder: Responder(
            services: services, origin: .network, hosts: HostCheck(tcp)),
          server: try Self.server(
            tcp, timeout: configuration.connectionTimeout, limit: ConnectionLimit(maximum: maximumConnections)),
          configuration: .init(
            address: .hostname(tcp.host, port: tcp.port), serverName: "beray-fs",
            availableConnectionsDelegate: MaximumAvailableConnections(maximumConnections, logger: Self.quiet)),
          onServerRunning: { channel in
            let all = readiness.add {
              $0.host = tcp.host
              $0.port = channel.localAddress?.port ?? tcp.port
            }
            if let all { onReady(all) }
          },
          logger: Self.quiet))
    }
    self.applications = applications
  }

  func removeSocket() {
    if let unixSocket { unlink(unixSocket) }
  }

  private static func server(
    _ tcp: ServerConfiguration.TCP, timeout: Duration, limit: ConnectionLimit
  ) throws -> HTTPServerBuilder {
    let plain = HTTPServerBuilder.loopBound(timeout: timeout, limit: limit)
    guard let certificatePath = tcp.certificatePath, let keyPath = tcp.privateKeyPath else { return plain }
    let chain = try reading(certificatePath, "a certificate chain in PEM") { try NIOSSLCertificate.fromPEMFile($0) }
    let key = try reading(keyPath, "a private key in PEM") { try NIOSSLPrivateKey(file: $0, format: .pem) }
    var settings = TLSConfiguration.makeServerConfiguration(
      certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
    settings.minimumTLSVersion = .tlsv12
    return try .tls(plain, tlsConfiguration: settings)
  }

  /// Reads a file for TLS. If that fails, BoringSSL's error has neither a path nor a reason, so this gives both.
  private static func reading<Content>(
    _ path: String, _ what: String, _ read: (String) throws -> Content
  ) throws -> Content {
    do {
      return try read(path)
    } catch {
      let isReadable = access(path, R_OK) == 0
      throw ServerError.unusableTLSFile(
        path, reason: isReadable ? "it is not \(what)" : String(cString: strerror(errno)))
    }
  }

  /// Makes the socket's directory, accessible only to its owner, and removes an old socket. No server can be using the
  /// old one, because this one holds the lock of the data directory.
  private static func prepare(_ path: String) throws {
    guard path.utf8.count <= 107 else { throw ServerError.socketPathTooLong(path) }
    if let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")), slash != path.startIndex {
      try FileManager.default.createDirectory(
        atPath: String(decoding: path.utf8[..<slash], as: UTF8.self), withIntermediateDirectories: true,
        attributes: [.posixPermissions: 0o700])
    }
    unlink(path)
  }

  /// Drops the log of the listeners, which report every start. The command that runs the server prints the addresses.
  private static let quiet = Logger(label: "beray-fs.server.http") { _ in SwiftLogNoOpLogHandler() }
}

/// Collects the addresses that the listeners were bound to.
private final class Readiness: Sendable {
  private let state: Mutex<(missing: Int, addresses: BoundAddresses)>

  init(expected: Int) { state = Mutex((expected, BoundAddresses())) }

  /// - Returns: all addresses if this was the last one missing; otherwise nil.
  func add(_ change: (inout BoundAddresses) -> Void) -> BoundAddresses? {
    state.withLock { state in
      change(&state.addresses)
      state.missing -= 1
      return state.missing == 0 ? state.addresses : nil
    }
  }
}
