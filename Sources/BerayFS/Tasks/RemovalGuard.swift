import BerayAPI
import Synchronization
import VFS

/// Watches over programs that remove a whole task, file by file: the task's own files come first, then `files/`.
///
/// A program that was refused the first is refused what is in `files/` as well, so that a tree that cannot go keeps its
/// content. Under `--rm-deletes` it is told that all went well, until its rmdir(2) of the task deletes it.
final class RemovalGuard: Sendable {
  private struct Removal {
    var group: ProcessID
    var at: Duration
    /// The task's own files that are removed as far as programs see.
    var hidden: Set<Name> = []
  }

  /// How long a program may pause. What it hid comes back then.
  private static let lifetime = Duration.seconds(10)

  private let time: TimeSource
  private let removals = Mutex<[TaskID: Removal]>([:])

  init(time: TimeSource) { self.time = time }

  /// A program removes one of the files that belong to the task itself.
  /// - Parameter hidden: the file, where it is to be gone.
  func begin(_ task: TaskID, by caller: Caller, hiding hidden: Name? = nil) {
    let group = ThreadGroup.of(caller.process) ?? caller.process
    let now = time.uptime()
    removals.withLock { removals in
      removals = removals.filter { now - $0.value.at < Self.lifetime }
      var removal = removals[task] ?? Removal(group: group, at: now)
      removal.group = group
      removal.at = now
      if let hidden { removal.hidden.insert(hidden) }
      removals[task] = removal
    }
  }

  /// Whether `caller` is a program that removes the task.
  func covers(_ task: TaskID, _ caller: Caller) -> Bool {
    let now = time.uptime()
    guard let removal = removals.withLock({ $0[task] }), now - removal.at < Self.lifetime,
      (ThreadGroup.of(caller.process) ?? caller.process) == removal.group
    else { return false }
    removals.withLock { $0[task]?.at = now }
    return true
  }

  func hides(_ name: Name, of task: TaskID) -> Bool {
    let now = time.uptime()
    return removals.withLock { removals in
      removals[task].map { now - $0.at < Self.lifetime && $0.hidden.contains(name) } ?? false
    }
  }

  func end(_ task: TaskID) { removals.withLock { _ = $0.removeValue(forKey: task) } }
}
