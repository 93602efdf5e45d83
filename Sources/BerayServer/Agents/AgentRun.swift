internal import CLinux
internal import Glibc
internal import Synchronization
internal import SystemPackage

/// One agent from its start to its end: feeds it the goal, turns its lines into events as they come, stops it when asked.
final class AgentRun: Sendable {
  private let process: AgentProcess
  private let decoder: AgentLineDecoder
  private let goal: [UInt8]
  /// How long an agent that was asked to stop may take before it is killed.
  private let grace: Duration
  private let clock = ContinuousClock()
  private let wake: OwnedDescriptor
  private let wakeWriter: OwnedDescriptor
  private let stopRequested = Mutex(false)

  init(_ process: AgentProcess, decoder: AgentLineDecoder, goal: [UInt8], grace: Duration) throws(Errno) {
    self.process = process
    self.decoder = decoder
    self.goal = goal
    self.grace = grace
    var ends: [Int32] = [-1, -1]
    try checked(pipe(&ends))
    for end in ends { try checked(fcntl(end, F_SETFD, FD_CLOEXEC)) }
    wake = OwnedDescriptor(owning: ends[0])
    wakeWriter = OwnedDescriptor(owning: ends[1])
  }

  /// Asks the agent to end: SIGTERM to its group at once, SIGKILL after the grace. Returns before it has ended.
  func stop() {
    let first = stopRequested.withLock { requested in
      defer { requested = true }
      return !requested
    }
    guard first else { return }
    var byte: UInt8 = 0
    _ = write(wakeWriter.rawValue, &byte, 1)
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

  /// Serves the agent until its leader has ended; what it started and left behind is killed then. Blocks.
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
    var killAt: ContinuousClock.Instant?
    while true {
      var polled = [
        pollfd(fd: wake.rawValue, events: Int16(POLLIN), revents: 0),
        pollfd(fd: process.ended.rawValue, events: Int16(POLLIN), revents: 0),
        pollfd(fd: streams.output?.rawValue ?? -1, events: Int16(POLLIN), revents: 0),
        pollfd(fd: streams.errors?.rawValue ?? -1, events: Int16(POLLIN), revents: 0),
        pollfd(fd: streams.input?.rawValue ?? -1, events: Int16(POLLOUT), revents: 0),
      ]
      let ready = poll(&polled, nfds_t(polled.count), milliseconds(until: killAt))
      if ready < 0, errno == EINTR { continue }
      if let deadline = killAt, clock.now >= deadline {
        process.group.signal(SIGKILL)
        killAt = nil
      }
      if polled[0].revents != 0 {
        var byte: UInt8 = 0
        _ = Glibc.read(wake.rawValue, &byte, 1)
        process.group.signal(SIGTERM)
        killAt = clock.now + grace
      }
      if polled[4].revents != 0 { feed(&streams) }
      if polled[2].revents != 0 { readOutput(&streams, emit) }
      if polled[3].revents != 0 { readErrors(&streams, emit) }
      if polled[1].revents != 0 { break }
    }
    // Not yet waited for, so the group's number is still its own.
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
