internal import LinuxSystem
internal import Synchronization

/// The processes of the machine, read once for all running agents.
enum MachineProcesses {
  /// How long a result is shared before the processes are read again.
  private static let age: Duration = .milliseconds(500)
  private static let last = Mutex<(time: ContinuousClock.Instant, table: [Int32: ProcessStatus])?>(nil)

  /// Returns a table that is at most half a second old.
  static func recent() -> [Int32: ProcessStatus] {
    // Held while the table is read, so that concurrent callers share the result.
    last.withLock { last in
      let now = ContinuousClock.now
      if let last, now - last.time < age { return last.table }
      let table = ProcessStatus.table()
      last = (now, table)
      return table
    }
  }
}
