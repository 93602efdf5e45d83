/// Whether a loop in the background runs, and whether it was asked for another round meanwhile.
///
/// Who asks either finds the loop running, and it goes on, or has to begin it: no request is lost while it ends. Guard it by
/// a lock.
package struct LoopTurn: Sendable {
  private var isRunning = false
  private var isAsked = false

  package init() {}

  /// Asks for a round. Returns whether the caller has to begin the loop.
  package mutating func asks() -> Bool {
    isAsked = true
    defer { isRunning = true }
    return !isRunning
  }

  /// A round begins: it does what was asked for until now.
  package mutating func begins() { isAsked = false }

  /// A round has ended. Returns whether another follows.
  /// - Parameter isDone: whether the round left nothing to do.
  package mutating func ends(isDone: Bool) -> Bool {
    isRunning = !isDone || isAsked
    return isRunning
  }

  /// The loop ends whatever is asked.
  package mutating func stops() { isRunning = false }
}
