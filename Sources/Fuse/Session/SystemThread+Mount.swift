import LinuxSystem
import SystemPackage

extension SystemThread {
  /// Starts a thread that a mount cannot do without.
  static func start(
    named name: String, _ body: @escaping @Sendable () -> Void
  ) throws(MountError) -> SystemThread {
    do throws(Errno) { return try SystemThread(named: name, body) } catch {
      throw .failed("no thread could be started (errno \(error.rawValue)); raise the limit of processes (ulimit -u)")
    }
  }
}
