internal import CLinux
internal import Glibc
internal import Synchronization
package import SystemPackage

/// An operating system thread that blocks all signals, so that the program's own threads receive them.
package final class SystemThread: Sendable {
  private let handle: Mutex<pthread_t?>

  /// Starts a thread that runs `body`. `name` has at most 15 bytes (`PR_SET_NAME` of prctl(2)).
  /// - Throws: `EAGAIN` if the system cannot create another thread.
  package init(named name: String, _ body: @escaping @Sendable () -> Void) throws(Errno) {
    final class Start: Sendable {
      let name: String
      let body: @Sendable () -> Void
      init(_ name: String, _ body: @escaping @Sendable () -> Void) {
        self.name = name
        self.body = body
      }
    }
    // The new thread inherits the mask, so no signal can reach it before it blocks them.
    var all = sigset_t()
    var previous = sigset_t()
    sigfillset(&all)
    pthread_sigmask(SIG_SETMASK, &all, &previous)
    defer { pthread_sigmask(SIG_SETMASK, &previous, nil) }
    var thread = pthread_t()
    let start = Unmanaged.passRetained(Start(name, body))
    let result = pthread_create(
      &thread, nil,
      { argument in
        guard let argument else { return nil }
        let start = Unmanaged<Start>.fromOpaque(argument).takeRetainedValue()
        linux_name_thread(start.name)
        start.body()
        return nil
      }, start.toOpaque())
    guard result == 0 else {
      start.release()
      throw Errno(rawValue: result)
    }
    handle = Mutex(thread)
  }

  /// Blocks until the thread has ended. Call it once, and not from the thread itself.
  package func join() {
    let thread = handle.withLock { $0.take() }
    if let thread { pthread_join(thread, nil) }
  }

  /// Lets the thread end by itself; nobody waits for it.
  package func detach() {
    let thread = handle.withLock { $0.take() }
    if let thread { pthread_detach(thread) }
  }
}
