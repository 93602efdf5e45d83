import Beray
import BerayAPI
import BerayFS
import BerayServer
import Fuse
import Glibc
import LinuxSystem
import Logging
import SystemPackage

/// Serves a mount in this process, from preparing the mountpoint to the last upload.
struct ServedMount {
  /// How long ending may take in total, for tasks that are being created and the last uploads.
  static let finishLimit = Duration.seconds(60)
  /// The environment variable that sets another limit in seconds, for tests.
  static let finishLimitVariable = "BERAY_FINISH_LIMIT"

  let command: MountCommand
  let flags: MountFlags
  let ready: ReadySignal
  let context: Context
  /// Checked first, because the terminal can go away as soon as this process reports that it serves.
  private let terminal = ControllingTerminal()

  func run() async throws {
    do {
      try await serve()
    } catch {
      ready.failed(ErrorText.sentence(for: error, advice: advice))
      throw error
    }
  }

  private var advice: ErrorAdvice {
    var advice = ErrorAdvice(url: command.serverOptions.url)
    advice.server = command.serverOptions.url
    // The user cannot replace the local server's token, so this advice is only for other servers.
    advice.tokenPlace = TokenSource.placeName(
      tokenFile: command.server.tokenFile, environment: context.environment, isLocal: false)
    return advice
  }

  private func serve() async throws {
    try context.startLog(command.server.logging, .info)
    let logger = Logger(label: "mount")
    let environment = context.environment
    let paths = try context.paths()
    let configuration = try context.configuration()
    let mountpoint = try Self.prepare(command.mountpoint, logger)

    let timeouts = command.timeout.map { Timeouts(metadata: .seconds($0)) } ?? Timeouts()
    let wishes = ConnectionWishes(agent: command.agent, wantsKeys: true, timeouts: timeouts)
    let connection = try await context.connect(command.serverOptions, wishes, context)
    guard await connection.hasToken() else {
      var error = connection.noToken
      error.status = MountExit.login
      throw error
    }
    // Raise the limit only now: a local server that was just started keeps the original one.
    OpenFileLimit.raise()

    for directory in [paths.rescued, paths.state.appending("spill")] { try PrivateDirectory.makeMissing(directory) }
    var options = MountOptions(
      user: flags.owner, group: flags.ownersGroup, serverName: connection.name, rescueDirectory: paths.rescued.string,
      spillDirectory: paths.state.appending("spill").string)
    options.umask = flags.umask
    options.timeouts = timeouts
    options.cacheSize = (command.cacheSize ?? configuration.cacheMiB ?? 256) << 20
    options.freshness = (command.freshness ?? configuration.freshness).map { .seconds($0) }
    options.scratchPatterns = command.scratch
    options.allowsMkdir = !command.noMkdir
    if connection.isLocal {
      options.agent = { AgentNotice.current(paths: paths, environment: environment).name }
      options.agentAdvice = AgentNotice.current(paths: paths, environment: environment).text
    }
    options.rmDeletes = command.rmDeletes
    let fileSystem = BerayFileSystem(service: connection.client, options: options, logger: Logger(label: "fs"))
    do throws(BerayError) {
      try await fileSystem.load()
    } catch {
      guard flags.allowsOffline, error.isUnreachable else { throw error }
      logger.warning("mounted offline: \(ErrorText.sentence(for: error))")
    }

    let session = try FuseSession(
      mountpoint: mountpoint, options: fuseOptions(connection), fileSystem: fileSystem, logger: Logger(label: "fuse"))
    let signals = try Signals.caught([SIGTERM, SIGINT, SIGHUP])
    let record = try MountRecord(
      .init(
        mountpoint: session.mountpoint, server: connection.name, process: getpid(),
        log: command.server.logging.logFile, version: Version.text), in: paths.mountRecords)
    try session.start()
    logger.info("serves \(connection.name) at \(session.mountpoint)")
    if !ready.isAwaited { context.note("mounted at \(session.mountpoint); Ctrl-C unmounts") }
    guard ready.ready() else {
      _ = await session.unmount()
      throw CommandError("the process that started the mount is gone")
    }

    let limit = environment[Self.finishLimitVariable].flatMap(Double.init).map { .seconds($0) } ?? Self.finishLimit
    let rescued = await untilEnded(session, fileSystem, signals, within: limit, logger)
    let losses = fileSystem.losses
    record.end(rescued: rescued.map(\.description), losses: losses)
    for file in rescued { context.note("beray-fs: not uploaded, and saved as \(ShownText.escaped(file.description))") }
    for loss in losses { context.note("beray-fs: \(ShownText.escaped(loss))") }
    await connection.client.shutdown()
    logger.info("ended")
    if !losses.isEmpty { throw CommandError("changes to \(losses.count) files did not reach the server") }
  }

  /// Waits for a signal or an unmount, then uploads what is left.
  /// - Returns: the files that could not be uploaded, and where they are saved.
  private func untilEnded(
    _ session: FuseSession, _ fileSystem: BerayFileSystem, _ signals: AsyncStream<Int32>, within limit: Duration,
    _ logger: Logger
  ) async -> [RescuedFile] {
    let (ends, end) = AsyncStream.makeStream(of: Int32.self)
    let listener = Task { [terminal] in
      for await signal in signals {
        logger.info("signal \(signal)")
        if signal == SIGHUP, !terminal.isGone { fileSystem.dropCaches() } else { end.yield(signal) }
      }
    }
    let watcher = Task {
      _ = await session.waitUntilEnded()
      end.yield(0)
    }
    defer {
      listener.cancel()
      watcher.cancel()
    }
    var requests = ends.makeAsyncIterator()
    let first = await requests.next()
    ready.stopping()
    let deadline = ContinuousClock.now + limit
    let tell: @Sendable (String) -> Void = { [context] in context.note("beray-fs: \($0)") }
    let finish = Task { [context] in
      if first != 0 {
        // Upload closed files before the unmount, so that a close(2) that waits gets the result. After the unmount
        // nothing more is written, and `finish` uploads the rest.
        await fileSystem.settle(within: deadline - ContinuousClock.now, progress: tell)
        if await session.unmount() == .detached {
          context.note("beray-fs: detached, because a program still uses it")
        }
      }
      return await fileSystem.finish(deadline: max(.zero, deadline - ContinuousClock.now), progress: tell)
    }
    let impatience = Task {
      // A second signal stops the uploads. What is left is saved locally.
      var requests = requests
      while let request = await requests.next() { if request != 0 { finish.cancel() } }
    }
    defer { impatience.cancel() }
    return await finish.value
  }

  private func fuseOptions(_ connection: Connection) -> FuseOptions {
    var options = FuseOptions(
      fileSystemName: flags.fileSystemName ?? (connection.isLocal ? "local" : connection.name))
    options.isReadOnly = flags.isReadOnly
    // If root mounts for another user, that user must have access.
    options.allowsOthers = flags.allowsOthers || (getuid() == 0 && flags.owner != 0)
    options.allowsRoot = flags.allowsRoot
    options.unmountsWithProcess = flags.unmountsWithProcess
    options.further = flags.further
    return options
  }

  /// Makes a missing mountpoint, and clears a mount whose process is gone. Leaves a live mount alone; the session
  /// refuses it.
  static func prepare(_ path: String, _ logger: Logger) throws -> String {
    let table = MountTable.current()
    let mountpoint = table.canonical(path)
    // Check before mkdir(2), which would start a task in the outer mount.
    if let outer = table.mount(containing: mountpoint), outer.isBerayFS, outer.mountpoint != mountpoint {
      throw CommandError(
        "\(mountpoint) is inside the mount at \(outer.mountpoint)", advice: "choose a directory outside of it")
    }
    if let mount = table.mount(at: mountpoint), mount.isBerayFS {
      if MountLiveness.of(mount).isOver {
        logger.notice("clearing the mount that a dead process left at \(mountpoint)")
        try Unmounter(mount).clear()
      } else {
        return mountpoint
      }
    }
    try makeMissing(FilePath(mountpoint))
    return mountpoint
  }
}

extension ServedMount {
  /// Makes the mountpoint without write permission. Otherwise `mkdir ~/beray/GOAL` without a mount would make a
  /// directory and start no task. Root can write there all the same.
  private static func makeMissing(_ mountpoint: FilePath) throws(CommandError) {
    let parent = mountpoint.removingLastComponent()
    if !parent.isEmpty { try PrivateDirectory.makeMissing(parent) }
    guard mkdir(mountpoint.string, 0o500) == 0 || errno == EEXIST else { throw .system("make \(mountpoint)", errno) }
  }
}
