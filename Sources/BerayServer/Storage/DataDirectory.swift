internal import Glibc
internal import SystemPackage

/// Where the server keeps what it keeps: the database, the token of the local user, and a directory for each task.
struct DataDirectory: Sendable {
  let path: String
  /// Held as long as the server lives.
  private let lock: OwnedDescriptor

  /// Makes the directory where it is missing, for its owner alone, and locks it (flock(2)).
  init(_ path: String) throws {
    self.path = path
    try Self.makeDirectories(path)
    try checked(chmod(path, 0o700))
    lock = try OwnedDescriptor.open(path: path + "/lock", flags: O_RDWR | O_CREAT, mode: 0o600)
    if flock(lock.rawValue, LOCK_EX | LOCK_NB) != 0 {
      guard errno == EWOULDBLOCK else { throw Errno(rawValue: errno) }
      throw ServerError.dataDirectoryInUse(path)
    }
    if mkdir(path + "/tasks", 0o700) != 0, errno != EEXIST { throw Errno(rawValue: errno) }
  }

  var databasePath: String { path + "/beray.sqlite" }

  func paths(of task: Int64) -> TaskPaths { TaskPaths(directory: path + "/tasks/\(task)") }

  private static func makeDirectories(_ path: String) throws {
    if mkdir(path, 0o700) == 0 || errno == EEXIST { return }
    guard errno == ENOENT, let slash = path.lastIndex(of: "/"), slash != path.startIndex else {
      throw ServerError.dataDirectoryUnusable(path, Errno(rawValue: errno))
    }
    try makeDirectories(String(path[..<slash]))
    if mkdir(path, 0o700) != 0, errno != EEXIST {
      throw ServerError.dataDirectoryUnusable(path, Errno(rawValue: errno))
    }
  }
}
