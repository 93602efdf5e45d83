internal import CLinux
internal import Glibc
internal import LinuxSystem
internal import Synchronization

/// The child processes that the server started and waits for, and the orphans that it adopts.
///
/// LOCK ORDER: `state` is held while a child is spawned and while dead orphans are reaped, so that a new child is never
/// mistaken for an orphan. Take no other lock while holding it.
enum AgentChildren {
  private struct State {
    var children: Set<Int32> = []
    var adopts = false
    var isAlone = false
  }

  private static let state = Mutex(State())

  /// Makes this process adopt every descendant whose own parent ends (PR_SET_CHILD_SUBREAPER, prctl(2)). From now on,
  /// each unregistered child counts as an agent's orphan and is reaped, so call it only in a process that does nothing
  /// but serve.
  static func adoptOrphans() {
    guard linux_adopt_orphans() == 0 else { return }
    // PID 1 of a container adopts everybody's orphans, and a process that a shell exec'ed keeps the shell's children.
    let isAlone = getpid() != 1 && !ProcessStatus.table().values.contains { $0.parent == getpid() }
    state.withLock { state in
      state.adopts = true
      state.isAlone = isAlone
    }
  }

  /// Whether every orphan that this process adopts comes from an agent, even if nothing else identifies it.
  static var isAlone: Bool { state.withLock(\.isAlone) }

  /// Whether this process adopts the orphans of agents.
  static var adopts: Bool { state.withLock(\.adopts) }

  /// Starts a child. The caller must call ``wait(for:)`` for it.
  static func start(_ spawn: () throws -> pid_t) rethrows -> pid_t {
    try state.withLock { state in
      let child = try spawn()
      state.children.insert(child)
      return child
    }
  }

  /// Waits for a child that has ended or was killed.
  static func wait(for child: pid_t) -> WaitStatus {
    let status = ProcessHandle.reap(child)
    state.withLock { _ = $0.children.remove(child) }
    return status
  }

  /// The children that nobody has waited for yet.
  static var all: Set<Int32> { state.withLock(\.children) }

  /// Reaps adopted orphans that have ended, so that none stays a zombie.
  static func reapOrphans(_ table: [Int32: ProcessStatus]) {
    state.withLock { state in
      guard state.adopts else { return }
      for process in table.values where process.hasEnded && process.parent == getpid() {
        guard !state.children.contains(process.id) else { continue }
        var status: Int32 = 0
        waitpid(process.id, &status, WNOHANG)
      }
    }
  }
}
