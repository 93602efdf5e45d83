internal import Glibc
internal import LinuxSystem
internal import Synchronization
internal import SystemPackage

/// A started agent: the leader of its own session and process group, with pipes to its three standard streams. It
/// inherits no other descriptor of the server.
struct AgentProcess: Sendable {
  let leader: ProcessIdentity
  /// Non-blocking, like the others. The agent's stdin ends when the descriptor that is taken from here is closed.
  let input: AgentInput
  let output: OwnedDescriptor
  let errors: OwnedDescriptor
  /// Becomes readable in poll(2) once the leader has ended.
  let ended: OwnedDescriptor

  /// Starts the agent.
  ///
  /// - Throws: the reason why it cannot be started. No process is left running then.
  init(starting launch: AgentLaunch) throws(Errno) {
    let (inputs, outputs, errorPipe) = (try Pipe(), try Pipe(), try Pipe())
    let (input, output, errors) = (inputs.writeEnd, outputs.readEnd, errorPipe.readEnd)
    for descriptor in [input, output, errors] {
      try checked(fcntl(descriptor.rawValue, F_SETFL, fcntl(descriptor.rawValue, F_GETFL) | O_NONBLOCK))
    }
    let process: pid_t
    do {
      // The child gets its standard streams and no other descriptor.
      let spawn = Spawn(
        executable: launch.arguments[0], arguments: launch.arguments, environment: launch.environment,
        input: .descriptor(inputs.readEnd.rawValue), output: .descriptor(outputs.writeEnd.rawValue),
        errors: .descriptor(errorPipe.writeEnd.rawValue), leadsSession: true, directory: launch.workDirectory)
      process = try AgentChildren.start(spawn.start)
    } catch {
      throw error as? Errno ?? .invalidArgument
    }
    do throws(Errno) {
      // Nobody has waited for the leader yet, so its process id cannot have been reused.
      ended = try ProcessHandle(process).descriptor
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

  /// Waits for the leader, which must have ended or been killed, and returns how it ended.
  func reap() -> TaskOutcome {
    switch AgentChildren.wait(for: leader.id) {
    case .exited(0): TaskOutcome(status: .completed, exitCode: 0)
    case .exited(let code):
      TaskOutcome(status: .failed, exitCode: Int(code), text: "the agent exited with status \(code)")
    case .signalled(let signal):
      TaskOutcome(status: .failed, signal: Int(signal), text: "the agent was ended by signal \(signal)")
    }
  }
}

/// The write end of an agent's stdin. Only one caller can take it.
final class AgentInput: Sendable {
  private let descriptor: Mutex<OwnedDescriptor?>

  init(_ descriptor: OwnedDescriptor) { self.descriptor = Mutex(descriptor) }

  /// Hands over the descriptor; returns nil from the second call on.
  func take() -> OwnedDescriptor? {
    descriptor.withLock { $0.take() }
  }
}
