import CFuse
import CGuardian
import Glibc
import LinuxSystem
import Logging
import Synchronization

/// A child process that aborts the connection and unmounts if this process is killed.
///
/// A killed daemon closes the device only when its last thread ends. That thread may wait in the kernel for a lock of a
/// program that waits for the daemon, and then neither can be killed. Aborting the connection frees both.
final class Guardian: Sendable {
  private struct State {
    var hasEnded = false
    /// The write end of the pipe to the child.
    var lifeline: OwnedDescriptor?
  }

  private let mount: Mount
  private let logger: Logger
  private let abortFile: Int32
  private let waitingFile: Int32
  private let state = Mutex(State())
  private let thread = Mutex<SystemThread?>(nil)

  /// Starts guarding `mount`. The child closes its copy of the device at once.
  init(of mount: Mount, logger: Logger) throws(MountError) {
    self.mount = mount
    self.logger = logger
    abortFile = guardian_open_control(mount.deviceMinor, "abort", O_WRONLY)
    if abortFile < 0 {
      let reason = String(cString: strerror(errno))
      logger.notice(
        "programs may hang if this process is killed: mount fusectl at /sys/fs/fuse/connections",
        metadata: ["error": "\(reason)"])
    }
    waitingFile = guardian_open_control(mount.deviceMinor, "waiting", O_RDONLY)
    let thread = try SystemThread.start(named: "fuse-guardian") { [self] in run() }
    self.thread.withLock { $0 = thread }
  }

  deinit { for file in [abortFile, waitingFile] where file >= 0 { close(file) } }

  /// Ends the child, because the mount is gone.
  func end() {
    let lifeline = state.withLock { state in
      state.hasEnded = true
      return state.lifeline.take()
    }
    if let lifeline {
      try? lifeline.writeAll([0])
      lifeline.close()
    }
    thread.withLock { $0.take() }?.join()
  }

  /// Waits for the child. If it was killed, starts a new one, unless it died at once.
  private func run() {
    while true {
      let start = ContinuousClock.now
      guard let child = startChild() else { return }
      ProcessHandle.reap(child)
      let goesOn = state.withLock { state in
        state.lifeline = nil
        return !state.hasEnded
      }
      guard goesOn else { return }
      logger.warning("the guardian of the mount was killed", metadata: ["process": "\(child)"])
      guard ContinuousClock.now - start > .seconds(1) else { return }
    }
  }

  /// - Returns: nil if the mount has ended or no process can be started.
  private func startChild() -> pid_t? {
    guard let pipe = try? Pipe() else { return failed() }
    let goesOn = state.withLock { state in
      if !state.hasEnded { state.lifeline = pipe.writeEnd }
      return !state.hasEnded
    }
    guard goesOn else { return nil }
    let helper = geteuid() == 0 ? nil : HelperProgram.fusermount.path
    let child = mount.mountpoint.withCString { mountpoint in
      func start(_ helper: UnsafePointer<CChar>?) -> pid_t {
        var orders = guardian_orders(
          mountpoint: mountpoint, device_minor: mount.deviceMinor, unmount_helper: helper,
          lifeline: pipe.readEnd.rawValue,
          abort_file: abortFile, waiting_file: waitingFile)
        return guardian_start(&orders)
      }
      return helper.map { $0.withCString(start) } ?? start(nil)
    }
    return child < 0 ? failed() : child
  }

  private func failed() -> pid_t? {
    logger.warning("the mount has no guardian", metadata: ["error": "\(String(cString: strerror(errno)))"])
    return nil
  }
}
