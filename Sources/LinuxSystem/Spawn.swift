internal import CLinux
internal import Glibc
package import SystemPackage

/// Starts programs with posix_spawn(3). The new process inherits only the descriptors named here, and no blocked or
/// ignored signals.
package struct Spawn: Sendable {
  /// The source of a standard stream of the new process.
  package enum Stream: Sendable {
    case null
    /// A descriptor of this process.
    case descriptor(Int32)
    /// A file to append to. A missing file is made with mode 0600.
    case appending(FilePath)
  }

  /// A path, or a name to look for in `PATH`.
  package var executable: String
  /// All words, with the program's name first.
  package var arguments: [String]
  /// Nil passes the environment of this process.
  package var environment: [String: String]?
  package var input: Stream
  package var output: Stream
  package var errors: Stream
  /// A descriptor of this process that becomes 3 in the new one.
  package var extra: Int32?
  /// Whether it leads a new session (setsid(2)), with its own process group and no terminal.
  package var leadsSession: Bool
  /// The working directory. Nil keeps that of this process.
  package var directory: String?

  package init(
    executable: String, arguments: [String], environment: [String: String]? = nil, input: Stream = .null,
    output: Stream = .null, errors: Stream = .null, extra: Int32? = nil, leadsSession: Bool = false,
    directory: String? = nil
  ) {
    self.executable = executable
    self.arguments = arguments
    self.environment = environment
    self.input = input
    self.output = output
    self.errors = errors
    self.extra = extra
    self.leadsSession = leadsSession
    self.directory = directory
  }

  /// `POSIX_SPAWN_SETSID` of <spawn.h>, which Glibc's module does not show.
  private static let setSession: Int32 = 0x80

  /// - Returns: the process id. The caller must wait for the process.
  package func start() throws(Errno) -> Int32 {
    var actions = posix_spawn_file_actions_t()
    var attributes = posix_spawnattr_t()
    posix_spawn_file_actions_init(&actions)
    posix_spawnattr_init(&attributes)
    defer {
      posix_spawn_file_actions_destroy(&actions)
      posix_spawnattr_destroy(&attributes)
    }
    Self.add(input, as: STDIN_FILENO, to: &actions)
    Self.add(output, as: STDOUT_FILENO, to: &actions)
    Self.add(errors, as: STDERR_FILENO, to: &actions)
    if let extra { posix_spawn_file_actions_adddup2(&actions, extra, 3) }
    posix_spawn_file_actions_addclosefrom_np(&actions, extra == nil ? 3 : 4)
    if let directory { posix_spawn_file_actions_addchdir_np(&actions, directory) }

    // Threads of the cooperative pool block signals, and a child would inherit that.
    var none = sigset_t()
    var all = sigset_t()
    sigemptyset(&none)
    sigfillset(&all)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setsigdefault(&attributes, &all)
    var flags = Int32(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF)
    if leadsSession { flags |= Self.setSession }
    posix_spawnattr_setflags(&attributes, Int16(truncatingIfNeeded: flags))

    var process: Int32 = 0
    let code = Self.withCStrings(arguments) { arguments in
      Self.withEnvironment(environment) { environment in
        OpenFileLimit.withOriginal {
          posix_spawnp(&process, executable, &actions, &attributes, arguments, environment)
        }
      }
    }
    guard code == 0 else { throw Errno(rawValue: code) }
    return process
  }

  private static func add(_ stream: Stream, as number: Int32, to actions: inout posix_spawn_file_actions_t) {
    switch stream {
    case .null:
      posix_spawn_file_actions_addopen(&actions, number, "/dev/null", O_RDWR, 0)
    case .descriptor(let descriptor):
      posix_spawn_file_actions_adddup2(&actions, descriptor, number)
    case .appending(let path):
      posix_spawn_file_actions_addopen(&actions, number, path.string, O_WRONLY | O_CREAT | O_APPEND, 0o600)
    }
  }

  /// Calls `body` with C strings and a null pointer at the end.
  private static func withCStrings<Result>(
    _ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
  ) -> Result {
    let copies = strings.map { strdup($0) }
    defer { copies.forEach { free($0) } }
    return body(copies + [nil])
  }

  private static func withEnvironment<Result>(
    _ variables: [String: String]?, _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>?) -> Result
  ) -> Result {
    guard let variables else { return body(UnsafePointer(environ)) }
    return withCStrings(variables.map { "\($0)=\($1)" }) { strings in
      strings.withUnsafeBufferPointer { body($0.baseAddress) }
    }
  }

  /// The path of this program, which works even after the file was replaced.
  package static var ownExecutable: String {
    guard let path = ProcessFile.link("/proc/self/exe"), access(path, X_OK) == 0 else { return "/proc/self/exe" }
    return path
  }
}
