internal import Glibc
internal import Logging

/// What a server does first where the one before it ended without stopping its agents.
enum CrashRecovery {
  /// Kills what is left of the agents of tasks that were running, then marks these tasks as failed.
  static func run(_ store: Store, logger: Logger) throws {
    for (task, group) in try store.interruptedTasks() {
      if let group {
        if group.leaderIsAlive { group.signal(SIGKILL) }
        for process in orphans(of: group, task: task) { kill(process, SIGKILL) }
      }
      logger.warning("task \(task) was interrupted by a crash of the server")
      try store.finish(task, TaskOutcome(status: .failed, text: "the server ended unexpectedly while the task ran"))
    }
  }

  /// Processes of a group whose leader is gone. The number alone proves nothing, the task in their environment does.
  private static func orphans(of group: AgentGroup, task: Int64) -> [Int32] {
    guard let directory = opendir("/proc") else { return [] }
    defer { closedir(directory) }
    var found: [Int32] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      guard let process = Int32(name), getpgid(process) == group.id, isOf(task, process) else { continue }
      found.append(process)
    }
    return found
  }

  private static func isOf(_ task: Int64, _ process: Int32) -> Bool {
    guard let file = try? OwnedDescriptor.open(path: "/proc/\(process)/environ", flags: O_RDONLY) else { return false }
    var environment: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 64 * 1024)
    while true {
      let count = buffer.withUnsafeMutableBytes { read(file.rawValue, $0.baseAddress, $0.count) }
      guard count > 0 else { break }
      environment += buffer.prefix(count)
    }
    return environment.split(separator: 0).contains { $0.elementsEqual("BERAY_TASK_ID=\(task)".utf8) }
  }
}
