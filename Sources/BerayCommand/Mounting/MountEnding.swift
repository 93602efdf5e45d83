import BerayAPI
import Fuse
import Glibc
import LinuxSystem
import SystemPackage
import VFS

/// Ends a mount. Its process uploads what is left, and saves what it cannot upload.
struct MountEnding {
  /// Longer than the mount's own limit, after which it saves what it could not upload.
  static let defaultLimit = ServedMount.finishLimit + .seconds(20)

  private let mount: Mount
  /// Nil if the process is gone or unknown.
  let process: Int32?
  private let record: RunningMount?
  private let context: Context

  /// - Throws: ``CommandError`` if `mountpoint` is not a mount of this program.
  init(of mountpoint: String, in context: Context) throws(CommandError) {
    let table = MountTable.current()
    let path = table.canonical(mountpoint)
    guard let mount = table.mount(at: path) else {
      throw CommandError("nothing is mounted at \(path)", advice: "'beray-fs status' lists the mounts")
    }
    guard mount.isBerayFS else {
      throw CommandError("what is mounted at \(path) is \(mount.type)", advice: "use umount for it")
    }
    self.mount = mount
    self.context = context
    if case .live(let server) = MountLiveness.of(mount) {
      record = RunningMount.all(in: try context.paths().mountRecords).first { $0.fields.mountpoint == path }
      process = record?.fields.process ?? server?.rawValue
      isOver = false
    } else {
      (record, process) = (nil, nil)
      isOver = true
    }
  }

  /// Whether the process is already gone, so that only the mountpoint needs clearing.
  let isOver: Bool

  /// The absolute path of the mountpoint.
  var path: String { mount.mountpoint }

  /// Asks the process to end and waits for its uploads, but not longer than `limit`. Reports what is not on the server.
  /// - Returns: whether everything is on the server.
  func end(within limit: Duration = defaultLimit) throws -> Bool {
    if isOver {
      try Unmounter(mount).clear()
      context.note("\(path): cleared; its process was gone already")
      return true
    }
    guard let id = process, let process = try? ProcessHandle(id) else {
      try unmountByPath()
      return true
    }
    do throws(Errno) { try process.send(SIGTERM) } catch {
      guard error == .notPermitted else { throw CommandError.system("end process \(id)", error.rawValue) }
      try unmountByPath()
      return true
    }
    try wait(for: process, id, limit)
    if let left = MountTable.current().mount(at: path), left.deviceMinor == mount.deviceMinor {
      try Unmounter(left).detach()
    }
    let end = record?.lastWords
    let (rescued, losses) = (end?.rescued ?? [], end?.losses ?? [])
    for file in rescued { context.note("not uploaded, and saved as \(ShownText.escaped(file))") }
    for loss in losses { context.note(ShownText.escaped(loss)) }
    guard rescued.isEmpty, losses.isEmpty else { return false }
    context.note("\(path): unmounted")
    return true
  }

  private func wait(for process: ProcessHandle, _ id: Int32, _ limit: Duration) throws(CommandError) {
    let silence = min(limit, .seconds(1))
    if process.hasEnded(within: silence) { return }
    context.note("\(path): waiting for its uploads")
    guard process.hasEnded(within: limit - silence) else {
      throw CommandError(
        "\(path) still uploads after \(limit.components.seconds) s",
        advice: "process \(id) goes on, and ends when it is done; its log tells how far it is")
    }
  }

  /// Unmounts without the process, which belongs to another user or is unknown.
  private func unmountByPath() throws(UnmountError) {
    let unmounter = Unmounter(mount)
    do throws(UnmountError) {
      try unmounter.unmount()
      context.note("\(path): unmounted")
    } catch {
      guard error.reason == .busy else { throw error }
      try unmounter.detach()
      context.note("\(path): detached, because a program still uses it")
    }
  }
}
