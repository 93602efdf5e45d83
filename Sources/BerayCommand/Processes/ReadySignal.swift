import Glibc
import Synchronization

/// How a process tells who started it that it serves, or why it does not: a shell, or a service manager.
///
/// A shell gets the word `ready` and a newline, or the reason, then the end of the pipe.
final class ReadySignal: Sendable {
  private let descriptor: Mutex<Int32?>
  private let manager: ServiceManager

  /// - Parameter descriptor: the pipe's write end, which this value then owns; nil: nobody waits.
  init(descriptor: Int32?, manager: ServiceManager) {
    self.manager = manager
    if let descriptor { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
    self.descriptor = Mutex(descriptor)
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

  /// With the service manager of this process.
  static func ofProcess(descriptor: Int32?) -> ReadySignal {
    ReadySignal(descriptor: descriptor, manager: ServiceManager(environment: Context.process.environment))
  }

  /// Whether somebody waits for the word.
  var isAwaited: Bool { descriptor.withLock { $0 != nil } }

  private func send(_ text: String) -> Bool {
    guard let descriptor = descriptor.withLock({ $0.take() }) else { return true }
    defer { close(descriptor) }
    let bytes = Array(text.utf8)
    return write(descriptor, bytes, bytes.count) == bytes.count
  }
}
