import ArgumentParser
import Fuse
import Glibc

/// `beray-fs unmount`.
struct UnmountCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "unmount",
    abstract: "End a mount, after it has uploaded what it has.",
    discussion: """
      Tasks run on. Where a program still uses the mount, it is detached. Also clears a mount whose process is gone.

      EXAMPLE:
        beray-fs unmount ~/beray
      """)

  @Argument(help: "Where it is mounted.")
  var mountpoint: String

  @Option(help: ArgumentHelp("How long to wait for its uploads.", valueName: "seconds"))
  var timeout = 60.0

  func validate() throws {
    guard (0...86400).contains(timeout) else { throw ValidationError("--timeout takes seconds") }
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
    if MountLiveness.of(mount) == .stale {
      try Unmounter(mount).detach()
      return Terminal.note("\(path): cleared; its process was gone already")
    }
    let paths = try Paths(environment: Environment.current())
    guard let running = RunningMount.all(in: paths.mountRecords).first(where: { $0.fields.mountpoint == path }) else {
      return try unmountForeign(mount)
    }
    guard running.requestEnd() else { throw CommandError.system("end process \(running.fields.process)", errno) }
    let note = Task {
      try await Task.sleep(for: .seconds(1))
      Terminal.note("\(path): waiting for its uploads")
    }
    defer { note.cancel() }
    guard let end = try await running.waitForEnd(.seconds(timeout)) else {
      throw CommandError(
        "\(path) still uploads after \(Int(timeout)) s",
        advice: "wait for process \(running.fields.process), or 'kill -9' it: what is not uploaded is then lost")
    }
    if let left = MountTable.current().mount(at: path), left.deviceMinor == mount.deviceMinor {
      try Unmounter(left).detach()
    }
    let rescued = end.rescued ?? []
    for file in rescued { Terminal.note("not uploaded, and saved as \(file)") }
    let losses = end.losses ?? []
    for loss in losses { Terminal.note(loss) }
    if !rescued.isEmpty || !losses.isEmpty { throw ExitCode(1) }
    Terminal.note("\(path): unmounted")
  }

  /// A mount without a record: of another user, or from another runtime directory.
  private func unmountForeign(_ mount: Mount) throws {
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
