internal import Glibc
internal import Logging

/// An agent that was at work when the server last ended.
struct InterruptedRun: Hashable, Sendable {
  let task: Int64
  /// Of the run; nil if an older version of the server started it.
  let token: String?
  /// Its first process and its strays, as far as they were written down and the machine was not booted since.
  let survivors: Set<ProcessIdentity>
}

/// What a server does first where the one before it ended without stopping its agents.
enum CrashRecovery {
  /// Kills what is left of the agents of tasks that were running, then marks these tasks as failed.
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
