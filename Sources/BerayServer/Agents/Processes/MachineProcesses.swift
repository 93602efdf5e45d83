internal import LinuxSystem
internal import Synchronization

/// The processes of the machine, looked at once for all agents that are at work.
enum MachineProcesses {
  /// How old a look may be that many share.
  private static let age: Duration = .milliseconds(500)
  private static let last = Mutex<(time: ContinuousClock.Instant, table: [Int32: ProcessStatus])?>(nil)

  /// What was seen at most half a second ago.
  static func recent() -> [Int32: ProcessStatus] {
    // Held during a look, so that those who come meanwhile share its result.
    last.withLock { last in
      let now = ContinuousClock.now
      if let last, now - last.time < age { return last.table }
      let table = ProcessStatus.table()
      last = (now, table)
      return table
    }
  }
}
