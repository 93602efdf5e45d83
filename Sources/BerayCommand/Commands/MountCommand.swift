import ArgumentParser
import Glibc
import LinuxSystem
import SystemPackage

/// `beray-fs mount`, which `beray-fs` without a subcommand also runs.
struct MountCommand: ContextualCommand {
  static let configuration = CommandConfiguration(
    commandName: "mount",
    abstract: "Show your tasks as directories beneath MOUNTPOINT.",
    usage: "beray-fs [mount] [<server>] <mountpoint> [<options>]",
    discussion: """
      Returns when the mount serves, and leaves it running in the background. MOUNTPOINT is made where it is missing. \
      For fstab, the server may stand before it: an url, or 'none' for the local server.

      EXAMPLE:
        beray-fs ~/beray
        beray-fs --url https://beray.example.org ~/work -o ro
        mount -t fuse.beray-fs none /mnt/beray -o allow_other

      EXIT STATUS:
        0  it is mounted
        2  it was used wrongly
        3  FUSE refused
        4  the server gave no answer
        5  the server wants a login
        1  anything else
      """)

  @Argument(help: ArgumentHelp("Where to mount; a server may come before it.", valueName: "mountpoint"))
  var operands: [String]

  @Flag(name: [.customShort("f"), .long], help: "Stay in the foreground, and log to standard error.")
  var foreground = false

  @OptionGroup var agent: AgentOptions

  @Option(help: ArgumentHelp("How much of files to keep in memory; by default 256.", valueName: "mib"))
  var cacheSize: Int?

  @Option(
    help: ArgumentHelp(
      "How old the shown files may be; 0 asks at every open. By default 1, and 30 once a task has ended.",
      valueName: "seconds"))
  var freshness: Double?

  @Option(help: ArgumentHelp("How long a request may take; by default 10. Others scale with it.", valueName: "seconds"))
  var timeout: Double?

  @Option(
    help: ArgumentHelp(
      "Names of further temporary files that tools make while they save. Repeatable.", valueName: "glob"))
  var scratch: [String] = []

  @Flag(help: "mkdir makes no task; 'new' still does.")
  var noMkdir = false

  @Flag(help: "Any program that removes the files of an ended task one by one deletes it; 'rm -r' and rmdir always do.")
  var rmDeletes = false

  @Option(
    name: .customShort("o", allowingJoined: true),
    help: ArgumentHelp("Mount options: \(MountFlags.known).", valueName: "opt,..."))
  var options: [String] = []

  @OptionGroup var server: ServerOptions

  @Option(help: ArgumentHelp("Tell on this descriptor when it serves.", visibility: .hidden))
  var readyFd: Int32?

  func validate() throws {
    guard operands.count == 1 || (operands.count == 2 && ServerChoice.isServer(operands[0])) else {
      throw ValidationError(
        operands.count == 2
          ? "'\(operands[0])' is neither a command nor a server (an url, or 'none')"
          : "give one mountpoint")
    }
    if operands.count == 2, server.url != nil { throw ValidationError("the server is given twice") }
    if let cacheSize, !(0...1 << 20).contains(cacheSize) { throw ValidationError("--cache-size takes MiB") }
    if let freshness, !(0...1e9).contains(freshness) { throw ValidationError("--freshness takes seconds, 0 or more") }
    if let timeout, !(0.1...3600).contains(timeout) {
      throw ValidationError("--timeout takes seconds, from 0.1 to 3600")
    }
    if scratch.contains("") { throw ValidationError("--scratch takes a pattern such as '*.tmp'") }
  }

  func run(in context: Context) async throws {
    let flags = try MountFlags(parsing: options)
    let command = try applying(flags)
    guard foreground || readyFd != nil else { return try command.startInBackground(flags, context) }
    let isNew = FileStatus(of: FilePath(mountpoint)) == nil && errno == ENOENT
    do {
      let ready = ReadySignal(descriptor: readyFd, in: context)
      try await ServedMount(command: command, flags: flags, ready: ready, context: context).run()
    } catch {
      // rmdir(2) fails if the directory has entries or is still mounted on.
      if isNew { rmdir(mountpoint) }
      throw error
    }
  }

  /// Fills the options that are not given with the values of `-o`.
  func applying(_ flags: MountFlags) throws -> MountCommand {
    var command = self
    command.server.tokenFile = server.tokenFile ?? flags.tokenFile
    command.server.caFile = server.caFile ?? flags.caFile
    command.server.insecureHttp = server.insecureHttp || flags.sendsInsecurely
    command.timeout = timeout ?? flags.timeout
    command.freshness = freshness ?? flags.freshness
    command.cacheSize = cacheSize ?? flags.cacheMiB
    command.noMkdir = noMkdir || flags.refusesMkdir
    try command.validate()
    return command
  }

  var mountpoint: String { operands[operands.count - 1] }

  /// The connection options, with the server named before the mountpoint.
  var serverOptions: ServerOptions {
    var options = server
    if operands.count == 2 { options.url = operands[0] }
    return options
  }

  private func startInBackground(_ flags: MountFlags, _ context: Context) throws {
    var environment = context.environment
    let paths = try context.paths()
    let mountpoint = AbsolutePath.of(mountpoint)
    let log = server.logging.logFile.map { AbsolutePath.of($0) } ?? paths.mountLog(for: mountpoint).string
    // Open the log here, so that a failure is reported as a problem of the log.
    close(try FileLogHandler.open(FilePath(log)))
    for name in ["BERAY_TOKEN_FILE", "BERAY_PASSWORD_FILE", "BERAY_CA_FILE", "SSL_CERT_FILE"] {
      if let path = environment[name], !path.isEmpty { environment[name] = AbsolutePath.of(path) }
    }
    var command = self
    var input = Spawn.Stream.null
    defer { if case .descriptor(let descriptor) = input { close(descriptor) } }
    if let file = server.tokenFile ?? environment["BERAY_TOKEN_FILE"], let descriptor = try Self.stream(file) {
      // The background process cannot open a pipe such as `<(pass show beray)`, so it inherits the descriptor.
      input = .descriptor(descriptor)
      if server.tokenFile == nil { environment["BERAY_TOKEN_FILE"] = "/dev/stdin" }
      command.server.tokenFile = server.tokenFile.map { _ in "/dev/stdin" }
    }
    try BackgroundProcess.start(
      arguments: command.backgroundArguments(mountpoint: mountpoint, log: log, flags: flags),
      environment: environment, input: input, log: .appending(FilePath(log)))
    let configuration = try context.configuration()
    let choice = ServerChoice(flag: serverOptions.url, environment: environment, configuration: configuration)
    guard choice == .local else { return }
    context.note("mounted at \(mountpoint); \(AgentNotice.current(paths: paths, environment: environment).text)")
  }

  /// Opens a file that can be read only once, such as a pipe; nil if it can be opened again.
  private static func stream(_ file: String) throws(CommandError) -> Int32? {
    guard let status = FileStatus(behind: FilePath(file)), !status.isRegularFile, !status.isDirectory else {
      return nil
    }
    let descriptor = open(file, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .system("read \(file)", errno) }
    return descriptor
  }

  /// The arguments for the background process. It runs in another directory and reports on descriptor 3 when it is
  /// ready.
  func backgroundArguments(mountpoint: String, log: String, flags: MountFlags) -> [String] {
    var words = ["mount", "--ready-fd", "3", "--log-file", log]
    if let url = serverOptions.url { words += ["--url", url] }
    if let tokenFile = server.tokenFile { words += ["--token-file", AbsolutePath.of(tokenFile)] }
    if let caFile = server.caFile { words += ["--ca-file", AbsolutePath.of(caFile)] }
    if server.insecureHttp { words.append("--insecure-http") }
    if server.logging.debug { words.append("--debug") }
    words += agent.words
    if let cacheSize { words += ["--cache-size", String(cacheSize)] }
    if let freshness { words += ["--freshness", String(freshness)] }
    if let timeout { words += ["--timeout", String(timeout)] }
    for pattern in scratch { words.append("--scratch=\(pattern)") }
    if noMkdir { words.append("--no-mkdir") }
    if rmDeletes { words.append("--rm-deletes") }
    if !flags.list.isEmpty { words += ["-o", flags.list] }
    guard agent.agentCommand.isEmpty else { return words + [mountpoint, "--agent-command"] + agent.agentCommand }
    return words + ["--", mountpoint]
  }
}
