internal import Glibc
internal import LinuxSystem
internal import SystemPackage

/// The paths of a task's files.
struct TaskPaths: Sendable {
  let directory: String
  let work: AgentDirectory
  /// A file with the goal, outside the work directory.
  let goalFile: String

  /// - Parameter directory: belongs to this task only.
  init(directory: String, work: AgentDirectory) {
    self.directory = directory
    self.work = work
    goalFile = directory + "/goal"
  }

  /// Makes the directory and the work directory in it, and writes the goal. Blocks.
  func create(goal: String) throws(Errno) {
    if mkdir(directory, 0o700) != 0, errno != EEXIST { throw Errno(rawValue: errno) }
    try work.create()
    let file = try OwnedDescriptor.open(path: goalFile, flags: O_WRONLY | O_CREAT | O_TRUNC, mode: 0o600)
    try file.writeAll(Array(goal.utf8))
  }
}
