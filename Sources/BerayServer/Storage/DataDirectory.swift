internal import CLinux
internal import Glibc
internal import LinuxSystem
internal import Logging
internal import SystemPackage

/// The directory with all data of the server: the database, the token of the local user, and a directory for each task.
struct DataDirectory: Sendable {
  let path: String
  private let tasks: OwnedDescriptor
  private let guards = FileGuards()
  private let grain: TimestampGrain
  /// Held while the server runs.
  private let lock: FileLock
  private static let lockPause: Duration = .milliseconds(100)

  /// Makes the directory if it is missing, accessible only to its owner, and locks it (flock(2)).
  ///
  /// - Parameters:
  ///   - lockWait: how long to wait for a server that is shutting down to release the lock.
  ///   - clock: measures the pauses between attempts to take the lock.
  init(
    _ path: String, lockWait: Duration = .zero, clock: any Clock<Duration> = ContinuousClock(), logger: Logger
  ) async throws {
    self.path = path
    try Directory.make(FilePath(path)) { ServerError.dataDirectoryUnusable($0.string, $1) }
    do throws(Errno) {
      try Self.checkIsOurs(path)
      try checked(chmod(path, 0o700))
      lock = try FileLock(on: FilePath(path + "/lock"))
    } catch {
      throw ServerError.dataDirectoryUnusable(path, error)
    }
    try await Self.take(lock, wait: lockWait, clock: clock, path: path)
    if mkdir(path + "/tasks", 0o700) != 0, errno != EEXIST { throw Errno(rawValue: errno) }
    tasks = try OwnedDescriptor.open(path: path + "/tasks", flags: O_RDONLY | O_DIRECTORY)
    let guards = guards
    RewriteJournal.recover(in: Self.temporary(path), logger: logger) { task in
      Self.paths(path, task, .distinct, guards).work
    }
    try Self.emptyTemporary(path)
    grain = TimestampGrain.probe(Self.temporary(path))
  }

  /// Releases the lock for the next server. Do not use the directory afterwards.
  func unlock() { lock.release() }

  var databasePath: String { path + "/beray.sqlite" }

  func paths(of task: Int64) -> TaskPaths {
    Self.paths(path, task, grain, guards)
  }

  private static func paths(
    _ path: String, _ task: Int64, _ grain: TimestampGrain, _ guards: FileGuards
  ) -> TaskPaths {
    let directory = path + "/tasks/\(task)"
    return TaskPaths(
      directory: directory,
      work: AgentDirectory(
        path: directory + "/work", temporary: temporary(path), task: task, grain: grain, guards: guards))
  }

  /// Removes all files of a task. Blocks.
  func removeFiles(of task: Int64) throws(Errno) { try TreeRemoval.remove(String(task), in: tasks) }

  /// The tasks that have files. Blocks.
  func tasksWithFiles() throws(Errno) -> [Int64] { try tasks.entryNames().compactMap { Int64($0.text) } }

  /// The directory for unfinished uploads. When a server starts, it completes those with a ``RewriteJournal`` and drops
  /// the others.
  private static func temporary(_ path: String) -> String { path + "/tmp" }

  private static func emptyTemporary(_ path: String) throws {
    try TreeRemoval.remove("tmp", in: try OwnedDescriptor.open(path: path, flags: O_RDONLY | O_DIRECTORY))
    try checked(mkdir(temporary(path), 0o700))
  }

  /// Refuses a directory with foreign files, so that one named by mistake keeps its files and permissions.
  private static func checkIsOurs(_ path: String) throws(Errno) {
    let directory = try OwnedDescriptor.open(path: path, flags: O_RDONLY | O_DIRECTORY)
    guard try directory.status().owner == geteuid() else { throw .notPermitted }
    // A separate file system may have a lost+found.
    let names = try directory.entryNames().map(\.text).filter { $0 != "lost+found" }
    // A server that was killed while it started leaves only some of these.
    let own: Set = ["server.sock", "lock", "tasks", "tmp", "beray.sqlite"]
    guard names.isEmpty || names.contains("lock") && names.contains("tasks") || own.isSuperset(of: names) else {
      throw .directoryNotEmpty
    }
  }

  private static func take(
    _ lock: FileLock, wait: Duration, clock: any Clock<Duration>, path: String
  ) async throws {
    var left = wait
    while try !lock.tryTake() {
      guard left > .zero else { throw ServerError.dataDirectoryInUse(path) }
      try await clock.sleep(for: lockPause)
      left -= lockPause
    }
  }
}
