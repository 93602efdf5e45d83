import Foundation
import Testing

/// What a command gave: its exit status and what it wrote.
struct CommandResult: Sendable {
  var status: Int32
  var output: String
  var errors: String
}

/// A server and a mount of it, each in a process of its own, in a directory of their own.
///
/// The tests touch the mount only through further processes, each under `timeout`, so that a file system that hangs fails a test and hangs nothing.
final class Bed: Sendable {
  enum Server: Sendable {
    /// Our own server, with an agent that runs the goal as a script.
    case local
    /// A server that has the endpoints of the Python SDK alone.
    case bare(arguments: [String])
  }

  /// Not beneath /tmp, where vim and others save files in another way.
  let directory: String
  let mountpoint: String
  let url: String
  private let server: ChildProcess
  /// Between the mount and the server, where there is one.
  private let proxy: ChildProcess?
  private let mount: ChildProcess
  /// Of the mount.
  var processIdentifier: pid_t { mount.processIdentifier }

  /// The directory in which the build put the executables.
  static let products: String = {
    let path = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
    return (path as NSString).deletingLastPathComponent
  }()

  static let program = products + "/beray-fs"

  private init(directory: String, url: String, server: ChildProcess, proxy: ChildProcess?, mount: ChildProcess) {
    self.directory = directory
    self.mountpoint = directory + "/beray"
    self.url = url
    self.server = server
    self.proxy = proxy
    self.mount = mount
  }

  /// - Parameters:
  ///   - isProxied: whether `Servers/fault_proxy.py` stands in between, for ``fault(_:)``.
  ///   - mountEnvironment: what the process of the mount has in its environment besides that of all.
  static func start(
    _ kind: Server, isProxied: Bool = false, mountArguments: [String] = [], mountEnvironment: [String: String] = [:]
  ) async throws -> Bed {
    guard FileManager.default.fileExists(atPath: "/dev/fuse") else {
      throw BedError("these tests mount a file system and need /dev/fuse")
    }
    let directory = "/var/tmp/beray-fs-test-\(UUID().uuidString.prefix(8))"
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    let environment = environment(in: directory)
    let server: ChildProcess
    var url: String
    let tokenFile = directory + "/token"
    switch kind {
    case .local:
      server = try ChildProcess(
        [program, "serve", "--port", "0", "--data", directory + "/data", "--agent", "shell"], environment: environment)
      let port = try await server.line { $0.firstMatch(of: /http:\/\/127\.0\.0\.1:(\d+)/).map { String($0.1) } }
      url = "http://127.0.0.1:\(port)"
      try FileManager.default.copyItem(atPath: directory + "/data/token", toPath: tokenFile)
    case .bare(let arguments):
      try FileManager.default.createDirectory(atPath: directory + "/bare", withIntermediateDirectories: true)
      server = try ChildProcess(
        ["/usr/bin/env", "python3", script("bare_server.py"), directory + "/bare"] + arguments,
        environment: environment)
      let port = try await server.line { Int($0).map(String.init) }
      url = "http://127.0.0.1:\(port)"
      try "bare-token\n".write(toFile: tokenFile, atomically: true, encoding: .utf8)
    }
    chmod(tokenFile, 0o600)
    var proxy: ChildProcess?
    if isProxied {
      let made = try ChildProcess(
        ["/usr/bin/env", "python3", script("fault_proxy.py"), url], environment: environment)
      let port = try await made.line { Int($0).map(String.init) }
      url = "http://127.0.0.1:\(port)"
      proxy = made
    }
    let mount = try ChildProcess(
      [
        program, "mount", directory + "/beray", "--foreground", "--url", url, "--token-file", tokenFile, "--log-file",
        directory + "/mount.log",
      ] + mountArguments, environment: environment.merging(mountEnvironment) { $1 })
    let bed = Bed(directory: directory, url: url, server: server, proxy: proxy, mount: mount)
    do {
      try await mount.line { $0.contains("mounted at") ? () : nil }
    } catch {
      await bed.abandon()
      throw error
    }
    return bed
  }

  private static func script(_ name: String) -> String {
    (#filePath as NSString).deletingLastPathComponent + "/Servers/" + name
  }

  static func environment(in directory: String) -> [String: String] {
    [
      "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin", "HOME": directory + "/home",
      "LANG": "C.UTF-8", "XDG_CONFIG_HOME": directory + "/config", "XDG_DATA_HOME": directory + "/share",
      "XDG_STATE_HOME": directory + "/state", "XDG_RUNTIME_DIR": directory + "/run",
    ]
  }

  /// Runs a bash script in the root of the mount.
  @discardableResult
  func sh(_ script: String, timeout: Int = 30) async throws -> CommandResult {
    try await Bed.run(
      ["/bin/bash", "-c", "cd '\(mountpoint)' && export MNT='\(mountpoint)' DIR='\(directory)' && " + script],
      environment: Bed.environment(in: directory), timeout: timeout)
  }

  /// Runs `beray-fs` with the url and the token of this bed.
  func beray(_ arguments: String..., timeout: Int = 30) async throws -> CommandResult {
    var environment = Bed.environment(in: directory)
    environment["BERAY_URL"] = url
    environment["BERAY_TOKEN_FILE"] = directory + "/token"
    return try await Bed.run([Bed.program] + arguments, environment: environment, timeout: timeout)
  }

  static func run(
    _ arguments: [String], environment: [String: String], timeout: Int
  ) async throws -> CommandResult {
    let child = try ChildProcess(
      ["/usr/bin/timeout", "-k", "2", "\(timeout)"] + arguments, environment: environment, joinsErrors: false)
    let status = await child.exitStatus()
    return CommandResult(status: status, output: child.output, errors: child.errorOutput)
  }

  /// What the server was asked so far, a line a request (of the bare server alone).
  var requests: [String] { server.output.split(separator: "\n").dropFirst().map(String.init) }

  /// Waits for a request of the bare server that begins so. Requests are used up: ask for them in their order.
  func requestComes(_ beginning: String) async throws { try await server.line { $0.hasPrefix(beginning) ? () : nil } }

  /// Waits until the mount writes a line with that text. Lines are used up, too.
  func mountSays(_ text: String) async throws { try await mount.line { $0.contains(text) ? () : nil } }

  /// Says what the proxy does to the next requests of a kind, as `method=PUT&path=files/content&status=507&count=9`.
  func fault(_ words: String) async throws { try await control("/_fault?" + words) }

  /// The proxy lets everything pass again.
  func endFaults() async throws { try await control("/_well") }

  /// Asks the bare server, or the proxy, something that it does not count.
  func control(_ path: String) async throws {
    _ = try await Bed.run(
      ["/usr/bin/curl", "-sS", "-X", "POST", url + path], environment: Bed.environment(in: directory), timeout: 10)
  }

  func killServer() { server.signal(SIGKILL) }

  /// Ends the mount as a service manager does, and checks that it ends well and leaves nothing mounted.
  func endMount() async throws {
    askMountToEnd()
    try await mountEnds()
  }

  func askMountToEnd() { mount.signal(SIGTERM) }

  /// Waits for the end of the mount, which was asked for, and checks it as ``endMount()`` does.
  func mountEnds() async throws {
    let status = await mount.exitStatus(within: 20)
    if status != 0 { print(mountLog) }
    #expect(status == 0, "the mount's exit status")
    let mounts = try String(contentsOfFile: "/proc/self/mountinfo", encoding: .utf8)
    #expect(!mounts.contains(mountpoint), "nothing is left mounted")
  }

  /// Ends the mount as ``endMount()``, then the server.
  func stop() async throws {
    try await endMount()
    await abandon()
  }

  /// Ends the mount's process as a crash does.
  func killMount() async {
    mount.signal(SIGKILL)
    _ = await mount.exitStatus()
  }

  /// What the mount wrote to its log.
  var mountLog: String {
    ((try? String(contentsOfFile: directory + "/mount.log", encoding: .utf8)) ?? "") + mount.output
  }

  /// Ends everything, whatever state it is in.
  func abandon() async {
    mount.signal(SIGKILL)
    umount2(mountpoint, Int32(MNT_DETACH))
    proxy?.signal(SIGTERM)
    _ = await proxy?.exitStatus(within: 5)
    server.signal(SIGTERM)
    _ = await server.exitStatus(within: 5)
    try? FileManager.default.removeItem(atPath: directory)
  }
}

struct BedError: Error, CustomStringConvertible {
  var description: String
  init(_ description: String) { self.description = description }
}

/// Runs `body` with a mount, and ends it whatever happens.
func withBed(
  _ server: Bed.Server, isProxied: Bool = false, mountArguments: [String] = [], _ body: (Bed) async throws -> Void
) async throws {
  let bed = try await Bed.start(server, isProxied: isProxied, mountArguments: mountArguments)
  do {
    try await body(bed)
  } catch {
    print(bed.mountLog)
    await bed.abandon()
    throw error
  }
  try await bed.stop()
}
