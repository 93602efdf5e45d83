internal import Glibc
internal import Logging

/// An agent that was running when the server crashed.
struct InterruptedRun: Hashable, Sendable {
  let task: Int64
  /// The token of the run; nil if an older version of the server started it.
  let token: String?
  /// The agent's first process and its strays. Empty if none were recorded, or the machine has rebooted since.
  let survivors: Set<ProcessIdentity>
}

/// Cleans up after a server that ended without stopping its agents, before the next one starts its work.
enum CrashRecovery {
  /// Kills the remaining processes of tasks that were running, then marks these tasks as failed.
  static func run(_ store: Store, paths: (Int64) -> TaskPaths, logger: Logger) throws {
    for run in try store.interruptedRuns() {
      var processes = AgentProcesses(
        mark: AgentMark(token: run.token, workDirectory: paths(run.task).work.path), survivors: run.survivors)
      processes.kill()
      logger.warning("task \(run.task) was interrupted by a crash of the server")
      try store.finish(
        run.task, TaskOutcome(status: .failed, text: "the server ended unexpectedly while the task ran"))
    }
  }
}
