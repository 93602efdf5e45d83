internal import Glibc
internal import LinuxSystem
internal import SystemPackage

/// Where a task has its files.
struct TaskPaths: Sendable {
  let directory: String
  let work: WorkDirectory
  /// The goal as a file, outside the work directory.
  let goalFile: String

  /// - Parameter directory: of this task alone.
  init(directory: String, work: WorkDirectory) {
    self.directory = directory
    self.work = work
    goalFile = directory + "/goal"
  }

  /// Makes the directory with its work directory, and writes the goal. Blocks.
  func create(goal: String) throws(Errno) {
    if mkdir(directory, 0o700) != 0, errno != EEXIST { throw Errno(rawValue: errno) }
    try work.create()
    let file = try OwnedDescriptor.open(path: goalFile, flags: O_WRONLY | O_CREAT | O_TRUNC, mode: 0o600)
    try file.writeAll(Array(goal.utf8))
  }
}
