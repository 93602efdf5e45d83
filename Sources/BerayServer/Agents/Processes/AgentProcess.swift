internal import Glibc
internal import LinuxSystem
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

  /// Starts the agent.
  ///
  /// - Throws: why it cannot be started; then it does not run.
  init(starting launch: AgentLaunch) throws(Errno) {
    let (inputs, outputs, errorPipe) = (try Pipe(), try Pipe(), try Pipe())
    let (input, output, errors) = (inputs.writeEnd, outputs.readEnd, errorPipe.readEnd)
    for descriptor in [input, output, errors] {
      try checked(fcntl(descriptor.rawValue, F_SETFL, fcntl(descriptor.rawValue, F_GETFL) | O_NONBLOCK))
    }
    let process: pid_t
    do {
      // Its standard streams are all that is open in it.
      let spawn = Spawn(
        executable: launch.arguments[0], arguments: launch.arguments, environment: launch.environment,
        input: .descriptor(inputs.readEnd.rawValue), output: .descriptor(outputs.writeEnd.rawValue),
        errors: .descriptor(errorPipe.writeEnd.rawValue), leadsSession: true, directory: launch.workDirectory)
      process = try AgentChildren.start(spawn.start)
    } catch {
      throw error as? Errno ?? .invalidArgument
    }
    do throws(Errno) {
      // The leader is a child that nobody has waited for: its number is its own until somebody does.
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
