internal import Glibc
internal import Logging

/// What a server does first where the one before it ended without stopping its agents.
enum CrashRecovery {
  /// Kills what is left of the agents of tasks that were running, then marks these tasks as failed.
  static func run(_ store: Store, paths: (Int64) -> TaskPaths, logger: Logger) throws {
    for (task, group) in try store.interruptedTasks() {
      if let group, group.leaderIsAlive { group.signal(SIGKILL) }
      for process in orphans(of: group, in: paths(task)) { kill(process, SIGKILL) }
      logger.warning("task \(task) was interrupted by a crash of the server")
      try store.finish(task, TaskOutcome(status: .failed, text: "the server ended unexpectedly while the task ran"))
    }
  }

  /// Processes of a group whose leader is gone; of any group where the server ended before it wrote down which. A number
  /// alone proves nothing, the work directory in their environment does.
  private static func orphans(of group: AgentGroup?, in paths: TaskPaths) -> [Int32] {
    let variable = AgentLaunch.workDirectoryVariable + "=" + paths.work.path
    return ProcessStatus.allProcesses().filter { process in
      (group == nil || getpgid(process) == group?.id) && ProcessStatus.environment(of: process, has: variable)
    }
  }
}
