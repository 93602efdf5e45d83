internal import CLinux
internal import Glibc
internal import Synchronization
internal import SystemPackage

/// One agent from its start to its end: feeds it the goal, turns its lines into events as they come, stops it when asked.
final class AgentRun: Sendable {
  private let process: AgentProcess
  private let decoder: AgentLineDecoder
  private let goal: [UInt8]
  private let clock = ContinuousClock()
  private let wake: OwnedDescriptor
  private let wakeWriter: OwnedDescriptor
  /// When it is killed; nil where nobody asked it to end.
  private let killTime = Mutex<ContinuousClock.Instant?>(nil)
  /// How often it looks whether those that a stopped agent left behind have ended, which nothing tells.
  private static let groupPause: Duration = .milliseconds(50)

  /// Starts the agent. From here on ``run(_:)`` or ``abandon()`` must follow: one of them waits for the process.
  init(starting launch: AgentLaunch, decoder: AgentLineDecoder) throws(Errno) {
    (wake, wakeWriter) = try makePipe()
    process = try AgentProcess(starting: launch)
    self.decoder = decoder
    goal = launch.input
  }

  var group: AgentGroup { process.group }

  /// Asks the agent and all that it started to end: SIGTERM at once, SIGKILL to what is left after the grace. Of several
  /// graces the one that ends first counts. Returns before the agent has ended.
  func stop(grace: Duration) {
    killTime.withLock { $0 = min($0 ?? clock.now + grace, clock.now + grace) }
    var byte: UInt8 = 0
    _ = write(wakeWriter.rawValue, &byte, 1)
  }

  /// Kills an agent that cannot be served.
  func abandon() {
    process.group.signal(SIGKILL)
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
  }

  /// Serves the agent until its leader has ended. What it started and left behind is killed then; where it was asked to
  /// stop, that has its grace too. Blocks.
  ///
  /// - Parameter emit: takes the events in order. While it blocks, so does the agent once its pipe is full.
  func run(_ emit: ([AgentEvent]) -> Void) -> TaskOutcome {
    // The agent may close its stdin at any time; the write then fails with EPIPE and nothing else.
    var signals = sigset_t()
    sigemptyset(&signals)
    sigaddset(&signals, SIGPIPE)
    pthread_sigmask(SIG_BLOCK, &signals, nil)

    var streams = Streams(output: process.output, errors: process.errors, input: process.input.take())
    if goal.isEmpty { streams.input = nil }
    var leaderEnded = false
    var wasAsked = false
    while true {
      let deadline = killTime.withLock(\.self)
      var polled = [
        pollfd(fd: wake.rawValue, events: Int16(POLLIN), revents: 0),
        pollfd(fd: leaderEnded ? -1 : process.ended.rawValue, events: Int16(POLLIN), revents: 0),
        pollfd(fd: streams.output?.rawValue ?? -1, events: Int16(POLLIN), revents: 0),
        pollfd(fd: streams.errors?.rawValue ?? -1, events: Int16(POLLIN), revents: 0),
        pollfd(fd: streams.input?.rawValue ?? -1, events: Int16(POLLOUT), revents: 0),
      ]
      let wakeTime = leaderEnded ? clock.now + Self.groupPause : deadline
      let ready = poll(&polled, nfds_t(polled.count), milliseconds(until: wakeTime))
      if ready < 0, errno == EINTR { continue }
      if let deadline, clock.now >= deadline { break }
      if polled[0].revents != 0 {
        var byte: UInt8 = 0
        _ = Glibc.read(wake.rawValue, &byte, 1)
        if !wasAsked { process.group.signal(SIGTERM) }
        wasAsked = true
      }
      if polled[4].revents != 0 { feed(&streams) }
      if polled[2].revents != 0 { readOutput(&streams, emit) }
      if polled[3].revents != 0 { readErrors(&streams, emit) }
      if polled[1].revents != 0 { leaderEnded = true }
      if leaderEnded, killTime.withLock({ $0 == nil }) || !process.group.isRunning { break }
    }
    // The leader was not waited for yet, so the group's number is still its own.
    process.group.signal(SIGKILL)
    let outcome = process.reap()
    drain(&streams, emit)
    return outcome
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
    send(streams.outputLines.push(bytes).map(decoder.event), emit)
  }

  private func readErrors(_ streams: inout Streams, _ emit: ([AgentEvent]) -> Void) {
    guard let errors = streams.errors else { return }
    guard let bytes = Self.read(errors) else {
      streams.errors = nil
      return
    }
    send(streams.errorLines.push(bytes).map(AgentLineDecoder.errorEvent), emit)
  }

  /// Takes what lies in the pipes, no more: a process that escaped the group may hold them open for ever.
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
    send(streams.outputLines.finish().map { [decoder.event(ofLine: $0)] } ?? [], emit)
    send(streams.errorLines.finish().map { [AgentLineDecoder.errorEvent(ofLine: $0)] } ?? [], emit)
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
