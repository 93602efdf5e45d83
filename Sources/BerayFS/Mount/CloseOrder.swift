import SystemPackage
import Waiting

/// Goals that were closed and have no task yet, in the order of their closes: a value that ``Creations`` keeps under
/// its lock.
struct CloseOrder: Sendable {
  /// One goal on its way from the first close to the task.
  struct Ticket: Hashable, Sendable { fileprivate let number: UInt64 }

  /// What others wait for.
  enum Stage: Equatable, Sendable {
    /// Somebody closed the handle.
    case flushed
    /// The last copy of the handle was closed, and the task is being made.
    case released
  }

  typealias Turn = Flight<Void, Errno>

  private struct Goal {
    var stage: Stage
    /// The number of its newest close.
    var close: UInt64
    /// Finished when the task is there, or there will be none.
    let end = Flight<Void, Errno>()
    /// Finished when every goal that was closed earlier is settled; nil if nobody waits for that.
    var turn: Turn?
  }

  private var goals: [Ticket: Goal] = [:]
  private var last: UInt64 = 0

  var isEmpty: Bool { goals.isEmpty }
  var ends: [Flight<Void, Errno>] { goals.values.map(\.end) }

  /// A close of a handle by one of its holders.
  struct Close {
    let ticket: Ticket
    let number: UInt64
    /// Whose turn has come by it.
    let due: [Turn]
  }

  /// A handle was closed by one of its holders.
  mutating func flush(_ ticket: Ticket?) -> Close {
    last += 1
    let ticket = ticket ?? Ticket(number: last)
    if goals[ticket] == nil { goals[ticket] = Goal(stage: .flushed, close: last) }
    goals[ticket]?.stage = .flushed
    goals[ticket]?.close = last
    return Close(ticket: ticket, number: last, due: due())
  }

  /// The last copy of a handle was closed.
  /// - Returns: what is finished when it is the goal's turn, and whose turn has come.
  mutating func release(_ ticket: Ticket?) -> (ticket: Ticket, turn: Turn, due: [Turn]) {
    let ticket = ticket ?? flush(nil).ticket
    if goals[ticket] == nil {
      last += 1
      goals[ticket] = Goal(stage: .released, close: last)
    }
    let turn = Turn()
    goals[ticket]?.stage = .released
    goals[ticket]?.turn = turn
    return (ticket, turn, due())
  }

  /// The goal has its task, or will get none.
  /// - Returns: its end, and whose turn has come.
  mutating func settle(_ ticket: Ticket) -> [Flight<Void, Errno>] {
    guard let goal = goals.removeValue(forKey: ticket) else { return [] }
    return [goal.end] + (goal.turn.map { [$0] } ?? []) + due()
  }

  /// As ``settle(_:)``, for a goal that has waited for its last close since `close`, because another process holds the
  /// file open.
  mutating func settle(_ ticket: Ticket, flushedAt close: UInt64) -> [Flight<Void, Errno>] {
    guard let goal = goals[ticket], goal.stage == .flushed, goal.close == close else { return [] }
    return settle(ticket)
  }

  private mutating func due() -> [Turn] {
    guard let first = goals.min(by: { $0.value.close < $1.value.close }), let turn = first.value.turn else { return [] }
    goals[first.key]?.turn = nil
    return [turn]
  }
}
