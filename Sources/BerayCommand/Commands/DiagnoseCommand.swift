import ArgumentParser
import BerayAPI
import Fuse
import Glibc
import LinuxSystem
import Logging
import SystemPackage

/// `beray-fs diagnose`.
struct DiagnoseCommand: ContextualCommand {
  static let configuration = CommandConfiguration(
    commandName: "diagnose",
    abstract: "Write one file for a bug report.",
    usage: "beray-fs diagnose [<options>]",
    discussion: """
      The file has versions, what 'doctor' finds, the settings, the mounts, their last failures, and the ends of the \
      logs. Tokens, keys, addresses, goals and your home are taken out. Read it before you send it.

      EXAMPLE:
        beray-fs diagnose
        beray-fs diagnose --output - | less
      """)

  @Option(
    help: ArgumentHelp("Where it is written; '-' is standard output.", valueName: "file"))
  var output = "beray-fs-diagnose.txt"

  @OptionGroup var server: ServerOptions

  func run(in context: Context) async throws {
    try context.startLog(server.logging, .error)
    let report = await Report(context: context).text(server)
    guard output != "-" else { return try context.terminal.print(report) }
    try PrivateFile.replace(FilePath(AbsolutePath.of(output)), with: Array((report + "\n").utf8))
    context.note("wrote \(output): read it before you send it")
  }
}

/// Builds the text of the report.
private struct Report {
  let context: Context

  /// How many lines to take from the end of each log.
  private static let logLines = 200

  func text(_ server: ServerOptions) async -> String {
    let system = SystemCheck(environment: context.environment).findings
    let findings = Findings(all: system + (await UserCheck(context: context).findings(server)))
    var parts = [
      section("versions", [Version.text, Self.system()]),
      section("doctor", findings.lines(on: Page())),
      section("environment", variables),
    ]
    var secrets: [String] = []
    if let paths = try? context.paths() {
      secrets = [paths.data.appending("token"), paths.credentialsFile].flatMap(Self.words)
      parts.append(section("config.json", settings(paths)))
      parts.append(section("mounts", mounts(paths)))
      let server = await LocalServerState.current(paths: paths, in: context)
      parts.append(section("local server", [server.json.serialized()]))
      for log in logs(paths) { parts.append(section("the end of \(log)", Self.end(of: log))) }
    }
    let user = getpwuid(getuid())?.pointee.pw_name.map { String(cString: $0) }
    let redaction = Redaction(environment: context.environment, user: user, secrets: secrets)
    return redaction.text(parts.joined(separator: "\n\n"))
  }

  private func section(_ title: String, _ lines: [String]) -> String {
    (["== \(title)"] + (lines.isEmpty ? ["nothing"] : lines)).joined(separator: "\n")
  }

  private static func system() -> String {
    let kernel = Kernel()
    let release = lines(of: "/etc/os-release").first { $0.hasPrefix("PRETTY_NAME=") } ?? ""
    return "Linux \(kernel.release) \(kernel.machine) \(release)"
  }

  /// The environment variables that affect this program, agents or the network library, with secret values hidden.
  private var variables: [String] {
    let prefixes = ["BERAY_", "XDG_", "SSL_", "LC_", "http_", "https_", "HTTP_", "HTTPS_", "no_", "NO_"]
    return context.environment.filter { name, _ in
      prefixes.contains { name.hasPrefix($0) } || ["HOME", "LANG", "PATH"].contains(name)
    }
    .map { "\($0.key)=\(Redaction.isSecret($0.key) ? "[secret]" : $0.value)" }.sorted()
  }

  private func settings(_ paths: Paths) -> [String] {
    guard let bytes = try? PrivateFile.readShared(paths.configurationFile), let json = try? JSON(parsing: bytes) else {
      return []
    }
    guard case .object(let members) = json else { return ["not an object"] }
    return members.map { "\($0.name): \(Redaction.isSecret($0.name) ? "[secret]" : $0.value.serialized())" }
  }

  private func mounts(_ paths: Paths) -> [String] {
    let running = RunningMount.all(in: paths.mountRecords)
    return MountTable.current().ofBerayFS.flatMap { mount -> [String] in
      let state = MountState(mount, record: running.first { $0.fields.mountpoint == mount.mountpoint }?.fields)
      guard state.state == .live else { return [state.json.serialized()] }
      return [state.json.serialized()] + Self.lines(of: mount.mountpoint + "/.beray/errors").suffix(Self.logLines)
    }
  }

  private func logs(_ paths: Paths) -> [String] {
    let names = ProcessFile.names(in: paths.state.string).sorted()
    return names.filter { $0.hasSuffix(".log") }.map { paths.state.appending($0).string }
  }

  private static func end(of log: String) -> [String] { lines(of: log).suffix(logLines) }

  private static func lines(of path: String) -> [String] {
    let bytes = (try? PrivateFile.readShared(FilePath(path))) ?? nil
    return String(decoding: bytes ?? [], as: UTF8.self).split(separator: "\n").map(String.init)
  }

  /// The long words in a file of secrets. The report hides each of them wherever it occurs.
  private static func words(_ path: FilePath) -> [String] {
    let bytes = (try? PrivateFile.readShared(path)) ?? nil
    return String(decoding: bytes ?? [], as: UTF8.self).split { "\"{}[],: \n".contains($0) }.map(String.init)
      .filter { $0.count >= 16 }
  }
}
