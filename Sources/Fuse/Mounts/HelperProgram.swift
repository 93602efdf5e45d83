import CFuse
import Glibc

/// A program of the system that does what only it may do.
struct HelperProgram: Sendable {
  /// The setuid helper that mounts and unmounts for those who are not root.
  static let fusermount = HelperProgram(name: "fusermount3")

  let name: String

  /// Where it is found: in the directories of `PATH`, then where Debian puts it.
  var path: String? {
    let directories = getenv("PATH").map { String(cString: $0) } ?? ""
    return (directories.split(separator: ":") + ["/usr/bin", "/bin"])
      .map { "\($0)/\(name)" }
      .first { access($0, X_OK) == 0 }
  }

  /// How long it may take: it only asks the kernel for something.
  private static let deadline = Duration.seconds(10)

  /// Runs it to its end, with nothing to read. One that hangs is killed.
  /// - Returns: What it said on standard output and standard error.
  func run(_ arguments: [String]) throws(SpawnError) -> String {
    guard let path else { throw SpawnError(errno: ENOENT) }
    var ends: [Int32] = [-1, -1]
    guard pipe2(&ends, O_CLOEXEC) == 0 else { throw SpawnError(errno: errno) }
    defer { close(ends[0]) }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
    posix_spawn_file_actions_adddup2(&actions, ends[1], 2)
    var argv = ([path] + arguments).map { strdup($0) } + [nil]
    defer { for argument in argv { free(argument) } }
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    // A thread of the cooperative pool blocks signals, and its child would inherit that.
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
    var child = pid_t()
    let result = posix_spawn(&child, path, &actions, &attributes, &argv, environ)
    close(ends[1])
    guard result == 0 else { throw SpawnError(errno: result) }
    let output = Self.output(from: ends[0])
    if output == nil { kill(child, SIGKILL) }
    while waitpid(child, nil, 0) < 0, errno == EINTR {}
    return output ?? "\(name) did not end within \(Self.deadline)"
  }

  /// All that comes until the end; nil where that does not come in time.
  private static func output(from descriptor: Int32) -> String? {
    let end = ContinuousClock.now + deadline
    var output: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1024)
    while true {
      let left = max(.zero, end - ContinuousClock.now).components
      var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      let ready = poll(&waiting, 1, Int32(left.seconds * 1000 + left.attoseconds / 1_000_000_000_000_000))
      if ready == 0 { return nil }
      let count = ready < 0 ? -1 : read(descriptor, &buffer, buffer.count)
      if count > 0 { output += buffer[..<count] }
      if count == 0 || (count < 0 && errno != EINTR) { return String(decoding: output, as: UTF8.self) }
    }
  }
}

/// A helper could not be started.
struct SpawnError: Error {
  var errno: Int32
}
