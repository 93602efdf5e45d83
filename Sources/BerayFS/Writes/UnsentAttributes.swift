/// Mode and time that programs set on a file and the server has not been told of.
struct UnsentAttributes: Sendable {
  /// Counts what programs set.
  private(set) var changes: UInt32 = 0
  /// ``changes`` when the mode was set last; 0: the server has it.
  private var mode: UInt32 = 0
  /// The same for the time of the last modification.
  private var time: UInt32 = 0

  var hasMode: Bool { mode > 0 }
  var hasTime: Bool { time > 0 }
  var isEmpty: Bool { mode == 0 && time == 0 }

  /// A program set them.
  mutating func set(mode: Bool, time: Bool) {
    changes += 1
    if mode { self.mode = changes }
    if time { self.time = changes }
  }

  /// The server was told what was set up to `count` of ``changes``. Later ones are still to be told.
  mutating func told(upTo count: UInt32) {
    if mode <= count { mode = 0 }
    if time <= count { time = 0 }
  }

  /// What was set is to be told no more.
  mutating func clear() { told(upTo: changes) }
}
