import BerayServer
import CLinux
import Glibc
import SystemPackage

/// Starts programs by posix_spawn(3): nothing of this process's threads or descriptors goes along.
struct Spawn {
  /// What a descriptor of the new process is.
  enum Stream {
    case null
    /// A descriptor of this process.
    case descriptor(Int32)
    /// A file that is appended to, made with mode 0600.
    case appending(FilePath)
  }

  var executable: String
  /// All words, the program's name first.
  var arguments: [String]
  var environment: [String: String]
  var input: Stream = .null
  var output: Stream = .null
  var errors: Stream = .null
  /// A descriptor of this process that the new one gets as 3.
  var extra: Int32?
  /// Whether it leads a session of its own, and so outlives the terminal; its directory is then `/`.
  var isDetached = false

  /// `POSIX_SPAWN_SETSID` of <spawn.h>, which Glibc's module does not show.
  private static let setSession: Int32 = 0x80

  /// - Returns: the process id; the caller waits for it.
  func start() throws(CommandError) -> pid_t {
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
    if isDetached { posix_spawn_file_actions_addchdir_np(&actions, "/") }

    var none = sigset_t()
    var all = sigset_t()
    sigemptyset(&none)
    sigfillset(&all)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setsigdefault(&attributes, &all)
    var flags = Int32(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF)
    if isDetached { flags |= Self.setSession }
    posix_spawnattr_setflags(&attributes, Int16(truncatingIfNeeded: flags))

    var argv = arguments.map { strdup($0) } + [nil]
    var envp = environment.map { strdup("\($0)=\($1)") } + [nil]
    defer { for pointer in argv + envp { free(pointer) } }
    var process: pid_t = 0
    let code = OpenFileLimit.withOriginal {
      posix_spawn(&process, executable, &actions, &attributes, &argv, &envp)
    }
    guard code == 0 else { throw .system("start \(executable)", code) }
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

  /// This program's own file, also after it was replaced by a newer one.
  static var ownExecutable: String {
    var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
    let count = readlink("/proc/self/exe", &buffer, buffer.count - 1)
    guard count > 0 else { return "/proc/self/exe" }
    let path = String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return access(path, X_OK) == 0 ? path : "/proc/self/exe"
  }
}
