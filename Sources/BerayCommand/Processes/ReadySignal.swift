import Glibc
import LinuxSystem
import Synchronization

/// Tells whoever started this process that it serves, or why it does not: another process of this program, or a service
/// manager.
///
/// The other process reads `ready` and a newline, or the reason, and then the end of the pipe.
final class ReadySignal: Sendable {
  private let descriptor: Mutex<Descriptor?>
  private let manager: ServiceManager

  /// - Parameter descriptor: the write end of the pipe, which this value then owns. Nil if no process waits.
  init(descriptor: Int32?, manager: ServiceManager) {
    self.manager = manager
    if let descriptor { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
    self.descriptor = Mutex(descriptor.map { Descriptor(owning: $0) })
  }

  /// - Returns: false if whoever started this process is gone.
  @discardableResult
  func ready() -> Bool {
    manager.ready()
    return send("ready\n")
  }

  func stopping() { manager.stopping() }

  @discardableResult
  func failed(_ reason: String) -> Bool { send(reason + "\n") }

  /// A signal that also uses the service manager that the environment names.
  convenience init(descriptor: Int32?, in context: Context) {
    self.init(descriptor: descriptor, manager: ServiceManager(environment: context.environment))
  }

  /// Whether a process still waits for the signal.
  var isAwaited: Bool { descriptor.withLock { $0 != nil } }

  private func send(_ text: String) -> Bool {
    guard let descriptor = descriptor.withLock({ $0.take() }) else { return true }
    return (try? descriptor.writeAll(text.utf8)) != nil
  }
}
