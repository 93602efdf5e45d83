internal import CLinux
internal import Glibc
internal import LinuxSystem
internal import Synchronization
internal import SystemPackage

/// Runs one agent: feeds it the goal, turns its output into events as it arrives, and stops it when asked.
final class AgentRun: Sendable {
  private let process: AgentProcess
  private let decoder: AgentLineDecoder
  private let goal: [UInt8]
  private let mark: AgentMark
  private let clock = ContinuousClock()
  private let wake: Pipe
  /// When the agent is killed; nil if nobody has asked it to stop.
  private let killTime = Mutex<ContinuousClock.Instant?>(nil)
  /// How often to check whether the processes that a stopped agent left behind have ended: nothing notifies us of that.
  private static let leftoverPause: Duration = .milliseconds(50)
  /// How often to look for the agent's descendants, so that each is known before its parents end.
  private static let lookPause: Duration = .seconds(1)

  /// Starts the agent. The caller must then call ``run(_:remember:)`` or ``abandon()``, which wait for the process.
  init(starting launch: AgentLaunch, decoder: AgentLineDecoder) throws(Errno) {
    wake = try Pipe()
    process = try AgentProcess(starting: launch)
    self.decoder = decoder
    goal = launch.input
    mark = launch.mark
  }

  var leader: ProcessIdentity { process.leader }

  /// Asks the agent and all its processes to end: SIGTERM at once, SIGKILL to those left after the grace period. If it
  /// is called several times, the earliest deadline counts. Returns before the agent has ended.
  func stop(grace: Duration) {
    killTime.withLock { $0 = min($0 ?? clock.now + grace, clock.now + grace) }
    try? wake.writeEnd.writeAll([0])
  }

  /// Waits at most `limit` for somebody to stop the agent, and returns whether somebody has.
  func isAskedToEnd(within limit: Duration) -> Bool {
    if killTime.withLock({ $0 != nil }) { return true }
    return (try? wake.readEnd.isReadable(before: clock.now + limit)) ?? false
  }

  /// Kills the agent, for a caller that cannot run it after all.
  func abandon() {
    var processes = AgentProcesses(mark: mark, leader: process.leader)
    processes.kill()
    _ = process.reap()
  }

  /// The state of one call to ``run(_:remember:)``.
  private struct Streams {
    var output: OwnedDescriptor?
    var errors: OwnedDescriptor?
    var input: OwnedDescriptor?
    var sent = 0
    var outputLines = LineSplitter()
    var errorLines = LineSplitter()
    var decoder: AgentLineDecoder
  }

  /// Decides when to end an agent that has reported its result and does not exit.
  private struct ResultWait {
    enum Step {
      case wait
      case ask
      case kill
    }

    /// How long to wait after the result before asking it to end, and then before killing it.
    static let grace: Duration = .seconds(5)
    private var deadline: ContinuousClock.Instant?
    private(set) var wasAsked = false

    mutating func step(isOver: Bool, now: ContinuousClock.Instant) -> Step {
      guard isOver || wasAsked else {
        deadline = nil
        return .wait
      }
      guard let deadline else {
        self.deadline = now + Self.grace
        return .wait
      }
      guard now >= deadline else { return .wait }
      self.deadline = now + Self.grace
      defer { wasAsked = true }
      return wasAsked ? .kill : .ask
    }
  }

  /// Serves the agent until its leader has ended, then kills every process that it left behind. After a call to
  /// ``stop(grace:)`` those get the grace period as well. An agent that has reported its result and does not exit is
  /// asked to end. Blocks.
  ///
  /// - Parameters:
  ///   - emit: takes the events in order. While it blocks, the agent blocks too once its pipe is full.
  ///   - remember: takes the strays (see ``AgentProcesses/strays``) whenever they change.
  func run(_ emit: ([AgentEvent]) -> Void, remember: (Set<ProcessIdentity>) -> Void) -> TaskOutcome {
    // The agent may close its stdin at any time. The write must then fail with EPIPE and not raise SIGPIPE.
    var signals = sigset_t()
    sigemptyset(&signals)
    sigaddset(&signals, SIGPIPE)
    pthread_sigmask(SIG_BLOCK, &signals, nil)

    var streams = Streams(
      output: process.output, errors: process.errors, input: process.input.take(), decoder: decoder)
    if goal.isEmpty { streams.input = nil }
    var processes = AgentProcesses(mark: mark, leader: process.leader)
    var leaderEnded = false
    var wasAsked = false
    var nextLook = clock.now
    var strays: Set<ProcessIdentity> = []
    var result = ResultWait()
    while true {
      let deadline = killTime.withLock(\.self)
      var polled = [
        pollfd(fd: wake.readEnd.rawValue, events: Int16(POLLIN), revents: 0),
        pollfd(fd: leaderEnded ? -1 : process.ended.rawValue, events: Int16(POLLIN), revents: 0),
        pollfd(fd: streams.output?.rawValue ?? -1, events: Int16(POLLIN), revents: 0),
        pollfd(fd: streams.errors?.rawValue ?? -1, events: Int16(POLLIN), revents: 0),
        pollfd(fd: streams.input?.rawValue ?? -1, events: Int16(POLLOUT), revents: 0),
      ]
      let wakeTime = leaderEnded ? clock.now + Self.leftoverPause : min(deadline ?? nextLook, nextLook)
      let ready = poll(&polled, nfds_t(polled.count), milliseconds(until: wakeTime))
      if ready < 0, errno == EINTR { continue }
      if let deadline, clock.now >= deadline { break }
      if polled[0].revents != 0 {
        var byte: UInt8 = 0
        _ = Glibc.read(wake.readEnd.rawValue, &byte, 1)
        if !wasAsked { processes.signal(SIGTERM) }
        wasAsked = true
      }
      if polled[4].revents != 0 { feed(&streams) }
      if polled[2].revents != 0 { readOutput(&streams, emit) }
      if polled[3].revents != 0 { readErrors(&streams, emit) }
      if polled[1].revents != 0 { leaderEnded = true }
      if leaderEnded, killTime.withLock({ $0 == nil }) || processes.look().isEmpty { break }
      switch result.step(isOver: streams.decoder.summary.isOver, now: clock.now) {
      case .wait: break
      case .ask: processes.signal(SIGTERM)
      case .kill: processes.signal(SIGKILL)
      }
      if clock.now >= nextLook {
        _ = processes.look(in: MachineProcesses.recent())
        if processes.strays != strays {
          strays = processes.strays
          remember(strays)
        }
        nextLook = clock.now + Self.lookPause
      }
    }
    // Nobody has waited for the leader yet, so its process id cannot have been reused.
    processes.kill()
    let outcome = process.reap()
    drain(&streams, emit)
    return TaskOutcome(outcome, told: streams.decoder.summary, wasEndedForIt: result.wasAsked)
  }

  private func milliseconds(until deadline: ContinuousClock.Instant?) -> Int32 {
    guard let deadline else { return -1 }
    let left = clock.now.duration(to: deadline)
    return Int32(
      clamping: max(0, left.components.seconds * 1000 + left.components.attoseconds / 1_000_000_000_000_000 + 1))
  }

  private func feed(_ streams: inout Streams) {
    guard let input = streams.input else { return }
    let written = goal.withUnsafeBytes {
      write(input.rawValue, $0.baseAddress! + streams.sent, goal.count - streams.sent)
    }
    if written < 0 {
      if errno != EAGAIN, errno != EINTR { streams.input = nil }
      return
    }
    streams.sent += written
    if streams.sent == goal.count { streams.input = nil }
  }

  private func readOutput(_ streams: inout Streams, _ emit: ([AgentEvent]) -> Void) {
    guard let output = streams.output else { return }
    guard let bytes = Self.read(output) else {
      streams.output = nil
      return
    }
    let lines = streams.outputLines.push(bytes)
    send(lines.flatMap { streams.decoder.events(ofLine: $0) }, emit)
  }

  private func readErrors(_ streams: inout Streams, _ emit: ([AgentEvent]) -> Void) {
    guard let errors = streams.errors else { return }
    guard let bytes = Self.read(errors) else {
      streams.errors = nil
      return
    }
    let lines = streams.errorLines.push(bytes)
    send(lines.flatMap { streams.decoder.events(ofErrorLine: $0) }, emit)
  }

  /// Reads what is in the pipes, but never waits for their end: a process that cannot be killed may hold them open.
  private func drain(_ streams: inout Streams, _ emit: ([AgentEvent]) -> Void) {
    for _ in 0..<64 {
      guard streams.output != nil || streams.errors != nil else { break }
      var polled = [
        pollfd(fd: streams.output?.rawValue ?? -1, events: Int16(POLLIN), revents: 0),
        pollfd(fd: streams.errors?.rawValue ?? -1, events: Int16(POLLIN), revents: 0),
      ]
      guard poll(&polled, 2, 0) > 0 else { break }
      if polled[0].revents != 0 { readOutput(&streams, emit) }
      if polled[1].revents != 0 { readErrors(&streams, emit) }
    }
    if let line = streams.outputLines.finish() { send(streams.decoder.events(ofLine: line), emit) }
    if let line = streams.errorLines.finish() { send(streams.decoder.events(ofErrorLine: line), emit) }
    send(streams.decoder.finish(), emit)
  }

  private func send(_ events: [AgentEvent], _ emit: ([AgentEvent]) -> Void) {
    if !events.isEmpty { emit(events) }
  }

  /// - Returns: nil at the end of the stream.
  private static func read(_ descriptor: OwnedDescriptor) -> [UInt8]? {
    var buffer = [UInt8](repeating: 0, count: 64 * 1024)
    let count = buffer.withUnsafeMutableBytes { Glibc.read(descriptor.rawValue, $0.baseAddress, $0.count) }
    if count < 0 { return errno == EAGAIN || errno == EINTR ? [] : nil }
    guard count > 0 else { return nil }
    buffer.removeLast(buffer.count - count)
    return buffer
  }
}
