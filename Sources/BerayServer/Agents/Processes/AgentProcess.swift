internal import CLinux
internal import Glibc
internal import Synchronization
internal import SystemPackage

/// A started agent: the leader of a session and process group of its own, with pipes to its three standard streams.
/// No other descriptor of the server is open in it.
struct AgentProcess: Sendable {
  let leader: ProcessIdentity
  /// Non-blocking, like the others; the agent sees the end of its input once what is taken from here is gone.
  let input: AgentInput
  let output: OwnedDescriptor
  let errors: OwnedDescriptor
  /// Polls readable once the leader has ended.
  let ended: OwnedDescriptor

  /// Starts the agent (posix_spawn(3), so no thread of the server is ever copied).
  ///
  /// - Throws: why it cannot be started; then it does not run.
  init(starting launch: AgentLaunch) throws(Errno) {
    let (childInput, input) = try makePipe()
    let (output, childOutput) = try makePipe()
    let (errors, childErrors) = try makePipe()
    for descriptor in [input, output, errors] {
      try checked(fcntl(descriptor.rawValue, F_SETFL, fcntl(descriptor.rawValue, F_GETFL) | O_NONBLOCK))
    }
    let process: pid_t
    do {
      process = try AgentChildren.start { try Self.spawn(launch, childInput, childOutput, childErrors) }
    } catch {
      throw error as? Errno ?? .invalidArgument
    }
    do throws(Errno) {
      // The leader is a child that nobody has waited for: its number is its own until somebody does.
      ended = OwnedDescriptor(owning: try checked(linux_pidfd_open(process)))
      guard let leader = ProcessIdentity(of: process) else { throw .noSuchProcess }
      self.leader = leader
    } catch {
      kill(-process, SIGKILL)
      _ = AgentChildren.wait(for: process)
      throw error
    }
    self.input = AgentInput(input)
    self.output = output
    self.errors = errors
  }

  /// Waits for the leader, which must have ended or been killed, and tells how it ended.
  func reap() -> TaskOutcome {
    let status = AgentChildren.wait(for: leader.id)
    let signal = Int(status & 0x7f)
    if signal != 0 {
      return TaskOutcome(status: .failed, signal: signal, text: "the agent was ended by signal \(signal)")
    }
    let code = Int((status >> 8) & 0xff)
    if code == 0 { return TaskOutcome(status: .completed, exitCode: 0) }
    return TaskOutcome(status: .failed, exitCode: code, text: "the agent exited with status \(code)")
  }

  private static func spawn(
    _ launch: AgentLaunch, _ input: OwnedDescriptor, _ output: OwnedDescriptor, _ errors: OwnedDescriptor
  ) throws(Errno) -> pid_t {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, input.rawValue, 0)
    posix_spawn_file_actions_adddup2(&actions, output.rawValue, 1)
    posix_spawn_file_actions_adddup2(&actions, errors.rawValue, 2)
    posix_spawn_file_actions_addclosefrom_np(&actions, 3)
    posix_spawn_file_actions_addchdir_np(&actions, launch.workDirectory)

    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var signals = sigset_t()
    sigemptyset(&signals)
    posix_spawnattr_setsigmask(&attributes, &signals)
    sigfillset(&signals)
    posix_spawnattr_setsigdefault(&attributes, &signals)
    // POSIX_SPAWN_SETSID, which Swift does not see: a session has a process group of its own, and no terminal.
    let newSession: Int32 = 0x80
    let flags = Int32(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF) | newSession
    posix_spawnattr_setflags(&attributes, Int16(flags))

    let environment = launch.environment.map { "\($0.key)=\($0.value)" }
    var process: pid_t = 0
    let result = withCStrings(launch.arguments) { arguments in
      withCStrings(environment) { environment in
        OpenFileLimit.withOriginal {
          posix_spawnp(&process, launch.arguments[0], &actions, &attributes, arguments, environment)
        }
      }
    }
    guard result == 0 else { throw Errno(rawValue: result) }
    return process
  }

  /// Lends an argv: pointers to C strings, and a null pointer at the end.
  private static func withCStrings<Result>(
    _ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
  ) -> Result {
    let copies = strings.map { strdup($0) }
    defer { copies.forEach { free($0) } }
    return body(copies + [nil])
  }
}

/// A pipe whose ends no agent inherits (pipe(2)).
func makePipe() throws(Errno) -> (read: OwnedDescriptor, write: OwnedDescriptor) {
  var ends: [Int32] = [-1, -1]
  try checked(pipe(&ends))
  let pair = (OwnedDescriptor(owning: ends[0]), OwnedDescriptor(owning: ends[1]))
  for end in ends { try checked(fcntl(end, F_SETFD, FD_CLOEXEC)) }
  return pair
}

/// The writing end of an agent's stdin, for one taker.
final class AgentInput: Sendable {
  private let descriptor: Mutex<OwnedDescriptor?>

  init(_ descriptor: OwnedDescriptor) { self.descriptor = Mutex(descriptor) }

  /// Gives the descriptor away; nil the second time.
  func take() -> OwnedDescriptor? {
    descriptor.withLock { $0.take() }
  }
}
