internal import Glibc

/// The process group of an agent, told from any later group with the same number by when its leader started.
struct AgentGroup: Hashable, Sendable {
  /// The group's id, which is the leader's pid.
  let id: Int32
  /// When the leader started, in clock ticks since boot (proc(5), field 22 of stat).
  let leaderStart: UInt64

  init(id: Int32, leaderStart: UInt64) {
    self.id = id
    self.leaderStart = leaderStart
  }

  /// The group of a process that leads one; nil where it is gone.
  init?(leader: Int32) {
    guard let status = ProcessStatus(of: leader) else { return nil }
    self.init(id: leader, leaderStart: status.start)
  }

  /// Whether the leader is alive, and is the one that was recorded.
  var leaderIsAlive: Bool { ProcessStatus(of: id)?.start == leaderStart }

  /// Whether a process of the group still runs; one that has ended and was not waited for does not.
  var isRunning: Bool {
    ProcessStatus.allProcesses().contains { process in
      getpgid(process) == id && ProcessStatus(of: process)?.hasEnded == false
    }
  }

  /// Sends a signal to every process of the group.
  func signal(_ signal: Int32) {
    guard id > 1 else { return }
    kill(-id, signal)
  }
}
