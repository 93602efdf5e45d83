import BerayAPI
import VFS

/// Counts who looks at a task, and keeps its stream open that long.
extension TaskFeed {
  /// Holds the stream of the task: an open file shows its events. Balanced by ``letGo()``.
  func hold() {
    change { state in
      state.holds += 1
      state.holdChanges += 1
    }
  }

  func letGo() {
    let changes = change { state -> Int? in
      state.holds -= 1
      state.holdChanges += 1
      return state.holds == 0 && state.follower != nil ? state.holdChanges : nil
    }
    dropRemovedLog()
    remember()
    guard let changes else { return }
    Task { [self] in
      try? await context.time.sleep(linger)
      withState { $0.holdChanges == changes ? $0.follower : nil }?.cancel()
    }
  }

  /// The task was deleted: what was read stays readable, and waits fail.
  func removed() {
    change { $0.isRemoved = true }
    withState { $0.follower }?.cancel()
    dropRemovedLog()
  }

  /// The log of a deleted task is for those who have it open.
  private func dropRemovedLog() {
    withState { state in
      if state.isRemoved, state.holds == 0 { state.log = EventLog(status: state.task.status) }
    }
  }

  /// Ends all waits, now and to come: the mount ends.
  func interruptAll() {
    change { $0.isInterrupted = true }
    withState { $0.follower }?.cancel()
  }
}
