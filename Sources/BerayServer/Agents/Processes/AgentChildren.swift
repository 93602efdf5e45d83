internal import CLinux
internal import Glibc
internal import LinuxSystem
internal import Synchronization

/// The processes that this one started and waits for, and the orphans that it adopts.
///
/// LOCK ORDER: `state` is held while a process is started, waited for or looked for among the dead, so that nobody
/// takes a child for an orphan before it is known, and nothing else is called meanwhile.
enum AgentChildren {
  private struct State {
    var children: Set<Int32> = []
    var adopts = false
    var isAlone = false
  }

  private static let state = Mutex(State())

  /// Makes this process the parent of every descendant whose own parent ends (PR_SET_CHILD_SUBREAPER, prctl(2)). From
  /// now on every child that nobody registered is an orphan of an agent: only a process that serves and does nothing else
  /// may say so.
  static func adoptOrphans() {
    guard linux_adopt_orphans() == 0 else { return }
    // The first process of a container gets the orphans of all, and one that a shell became has the shell's children.
    let isAlone = getpid() != 1 && !ProcessStatus.table().values.contains { $0.parent == getpid() }
    state.withLock { state in
      state.adopts = true
      state.isAlone = isAlone
    }
  }

  /// Whether every orphan that this process adopts is one of an agent, also where nothing else tells.
  static var isAlone: Bool { state.withLock(\.isAlone) }

  /// Whether orphans of agents become children of this process.
  static var adopts: Bool { state.withLock(\.adopts) }

  /// Starts a child that ``wait(for:)`` will be called for.
  static func start(_ spawn: () throws -> pid_t) rethrows -> pid_t {
    try state.withLock { state in
      let child = try spawn()
      state.children.insert(child)
      return child
    }
  }

  /// Waits for a child, which must have ended or been killed.
  /// - Returns: the status of waitpid(2).
  static func wait(for child: pid_t) -> Int32 {
    let status = ProcessHandle.reap(child)
    state.withLock { _ = $0.children.remove(child) }
    return status
  }

  /// The children that are waited for.
  static var all: Set<Int32> { state.withLock(\.children) }

  /// Waits for adopted orphans that have ended, so that none stays a zombie.
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
