internal import CLinux
internal import Glibc
internal import LinuxSystem
internal import Synchronization
internal import SystemPackage

/// One agent from its start to its end: feeds it the goal, turns its lines into events as they come, stops it when asked.
final class AgentRun: Sendable {
  private let process: AgentProcess
  private let decoder: AgentLineDecoder
  private let goal: [UInt8]
  private let mark: AgentMark
  private let clock = ContinuousClock()
  private let wake: Pipe
  /// When it is killed; nil if nobody asked it to end.
  private let killTime = Mutex<ContinuousClock.Instant?>(nil)
  /// How often it looks whether those that a stopped agent left behind have ended, which nothing tells.
  private static let leftoverPause: Duration = .milliseconds(50)
  /// How often it looks for what the agent has started, so that nothing that leaves its family is lost from sight.
  private static let lookPause: Duration = .seconds(1)

  /// Starts the agent. From here on ``run(_:)`` or ``abandon()`` must follow: one of them waits for the process.
  init(starting launch: AgentLaunch, decoder: AgentLineDecoder) throws(Errno) {
    wake = try Pipe()
    process = try AgentProcess(starting: launch)
    self.decoder = decoder
    goal = launch.input
    mark = launch.mark
  }

  var leader: ProcessIdentity { process.leader }

  /// Asks the agent and all that it started to end: SIGTERM at once, SIGKILL to what is left after the grace. Of several
  /// graces the one that ends first counts. Returns before the agent has ended.
  func stop(grace: Duration) {
    killTime.withLock { $0 = min($0 ?? clock.now + grace, clock.now + grace) }
    try? wake.writeEnd.writeAll([0])
  }

  /// Waits until the agent is asked to end, at most so long; whether it was.
  func isAskedToEnd(within limit: Duration) -> Bool {
    if killTime.withLock({ $0 != nil }) { return true }
    return (try? wake.readEnd.isReadable(before: clock.now + limit)) ?? false
  }

  /// Kills an agent that cannot be served.
  func abandon() {
    var processes = AgentProcesses(mark: mark, leader: process.leader)
    processes.kill()
    _ = process.reap()
  }

  /// The state of one call to ``run(_:)``.
  private struct Streams {
    var output: OwnedDescriptor?
    var errors: OwnedDescriptor?
    var input: OwnedDescriptor?
    var sent = 0
    var outputLines = LineSplitter()
    var errorLines = LineSplitter()
    var decoder: AgentLineDecoder
  }

  /// What becomes of an agent that has said its result and does not end.
  private struct ResultWait {
    enum Step {
      case wait
      case ask
      case kill
    }

    /// Between its result and the request to end, and then until it is killed.
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

  /// Serves the agent until its leader has ended. What it started and left behind is killed then, wherever it went;
  /// where the agent was asked to stop, that has its grace too. An agent that has said its result and does not end is
  /// asked to. Blocks.
  ///
  /// - Parameters:
  ///   - emit: takes the events in order. While it blocks, so does the agent once its pipe is full.
  ///   - remember: takes the processes that nothing but a memory of them tells to be the agent's, whenever these change.
  func run(_ emit: ([AgentEvent]) -> Void, remember: (Set<ProcessIdentity>) -> Void) -> TaskOutcome {
    // The agent may close its stdin at any time; the write then fails with EPIPE and nothing else.
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
    // The leader was not waited for yet, so its number is still its own.
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

  /// Takes what lies in the pipes, no more: a process that could not be killed may hold them open for ever.
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
