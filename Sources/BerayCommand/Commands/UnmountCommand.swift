import ArgumentParser
import BerayAPI
import Fuse
import Glibc
import LinuxSystem
import SystemPackage
import VFS

/// `beray-fs unmount`.
struct UnmountCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "unmount",
    abstract: "End a mount, after it has uploaded what it has.",
    discussion: """
      Tasks run on. Where a program still uses the mount, it is detached. Also clears a mount whose process is gone.

      EXAMPLE:
        beray-fs unmount ~/beray
      """, aliases: ["umount"])

  /// Longer than the mount itself takes at most, which saves what it could not upload by then.
  private static let defaultLimit = ServedMount.finishLimit + .seconds(20)

  @Argument(help: "Where it is mounted.")
  var mountpoint: String

  @Option(help: ArgumentHelp("How long to wait for its uploads; by default until it gives up.", valueName: "seconds"))
  var timeout: Double?

  func validate() throws {
    guard (0...86400).contains(timeout ?? 0) else { throw ValidationError("--timeout takes seconds") }
  }

  func run() async throws {
    let table = MountTable.current()
    let path = table.canonical(mountpoint)
    guard let mount = table.mount(at: path) else {
      throw CommandError("nothing is mounted at \(path)", advice: "'beray-fs status' lists the mounts")
    }
    guard mount.isBerayFS else {
      throw CommandError("what is mounted at \(path) is \(mount.type)", advice: "use umount for it")
    }
    guard case .live(let server) = MountLiveness.of(mount) else {
      try Unmounter(mount).clear()
      return Terminal.note("\(path): cleared; its process was gone already")
    }
    let paths = try Paths(environment: Environment.current())
    let record = RunningMount.all(in: paths.mountRecords).first { $0.fields.mountpoint == path }
    guard let id = record?.fields.process ?? server?.rawValue, let process = try? ProcessHandle(id) else {
      return try unmountByPath(mount)
    }
    do throws(Errno) { try process.send(SIGTERM) } catch {
      if error == .notPermitted { return try unmountByPath(mount) }
      throw CommandError.system("end process \(id)", error.rawValue)
    }
    try wait(for: process, id, path)
    if let left = MountTable.current().mount(at: path), left.deviceMinor == mount.deviceMinor {
      try Unmounter(left).detach()
    }
    let end = record?.lastWords
    let rescued = end?.rescued ?? []
    for file in rescued { Terminal.note("not uploaded, and saved as \(ShownText.escaped(file))") }
    let losses = end?.losses ?? []
    for loss in losses { Terminal.note(ShownText.escaped(loss)) }
    if !rescued.isEmpty || !losses.isEmpty { throw ExitCode(1) }
    Terminal.note("\(path): unmounted")
  }

  private func wait(for process: ProcessHandle, _ id: pid_t, _ path: String) throws(CommandError) {
    let limit = timeout.map { Duration.seconds($0) } ?? Self.defaultLimit
    let silence = min(limit, .seconds(1))
    if process.hasEnded(within: silence) { return }
    Terminal.note("\(path): waiting for its uploads")
    guard process.hasEnded(within: limit - silence) else {
      throw CommandError(
        "\(path) still uploads after \(limit.components.seconds) s",
        advice: "process \(id) goes on, and ends when it is done; its log tells how far it is")
    }
  }

  /// A mount whose process cannot be asked: of another user.
  private func unmountByPath(_ mount: Mount) throws {
    let unmounter = Unmounter(mount)
    do throws(UnmountError) {
      try unmounter.unmount()
      Terminal.note("\(mount.mountpoint): unmounted")
    } catch {
      guard error.reason == .busy else { throw error }
      try unmounter.detach()
      Terminal.note("\(mount.mountpoint): detached, for some program still uses it")
    }
  }
}
