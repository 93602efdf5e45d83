import Dispatch
import Foundation
import Glibc
import Synchronization

/// A process that a test started. What it writes is kept; nothing of it outlives the test.
final class ChildProcess: Sendable {
  let processIdentifier: Int32
  private let exit: Task<Int32, Never>
  private let hasEnded: Flag
  private let lines: AsyncStream<String>
  private let collected: Collected
  private let errors: Collected

  /// Bytes that a pipe gave so far.
  private final class Collected: Sendable {
    private let bytes = Mutex<[UInt8]>([])
    var text: String { bytes.withLock { String(decoding: $0, as: UTF8.self) } }
    func append(_ piece: ArraySlice<UInt8>) { bytes.withLock { $0 += piece } }
  }

  private final class Flag: Sendable {
    private let value = Mutex(false)
    var isSet: Bool { value.withLock { $0 } }
    func set() { value.withLock { $0 = true } }
  }

  /// - Parameter joinsErrors: whether what is written to standard error counts as output.
  init(_ arguments: [String], environment: [String: String], joinsErrors: Bool = true) throws {
    let (lines, lineFeed) = AsyncStream<String>.makeStream()
    let collected = Collected()
    let errors = Collected()
    // One at a time, so that no other child inherits an end of these pipes and holds it open.
    let (pid, output, second) = try Self.spawning.withLock { _ in
      let output = try Self.makePipe()
      let second = joinsErrors ? nil : try Self.makePipe()
      let pid = try Self.spawn(
        arguments, environment: environment, output: output.write, errors: second?.write ?? output.write)
      close(output.write)
      if let second { close(second.write) }
      return (pid, output, second)
    }

    let drained = DispatchGroup()
    Self.drain(output.read, in: drained, into: collected, feed: lineFeed)
    if let second { Self.drain(second.read, in: drained, into: errors, feed: nil) }

    let (ends, endFeed) = AsyncStream<Int32>.makeStream()
    let hasEnded = Flag()
    Thread.detachNewThread {
      var status: Int32 = 0
      while waitpid(pid, &status, 0) == -1, errno == EINTR {}
      hasEnded.set()
      // A grandchild may hold a pipe open for ever; what the process itself wrote is there soon.
      _ = drained.wait(timeout: .now() + .milliseconds(500))
      let signal = status & 0x7f
      endFeed.yield(signal == 0 ? (status >> 8) & 0xff : 128 + signal)
      endFeed.finish()
    }
    self.processIdentifier = pid
    self.hasEnded = hasEnded
    self.lines = lines
    self.collected = collected
    self.errors = errors
    self.exit = Task {
      for await end in ends { return end }
      return -1
    }
  }

  private static let spawning = Mutex(())

  private static func makePipe() throws -> (read: Int32, write: Int32) {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { throw BedError("no pipe: errno \(errno)") }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    return (ends[0], ends[1])
  }

  private static func spawn(
    _ arguments: [String], environment: [String: String], output: Int32, errors: Int32
  ) throws -> Int32 {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, output, 1)
    posix_spawn_file_actions_adddup2(&actions, errors, 2)
    // Threads of the test runner may block signals, and libraries ignore SIGPIPE; a child would inherit both.
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var signals = sigset_t()
    sigemptyset(&signals)
    posix_spawnattr_setsigmask(&attributes, &signals)
    sigaddset(&signals, SIGPIPE)
    posix_spawnattr_setsigdefault(&attributes, &signals)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
    let argv = arguments.map { strdup($0) } + [nil]
    let envp = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { for text in argv + envp { free(text) } }
    var pid: pid_t = 0
    let result = posix_spawn(&pid, arguments[0], &actions, &attributes, argv, envp)
    guard result == 0 else { throw BedError("cannot start \(arguments[0]): errno \(result)") }
    return pid
  }

  private static func drain(
    _ descriptor: Int32, in group: DispatchGroup, into target: Collected, feed: AsyncStream<String>.Continuation?
  ) {
    group.enter()
    Thread.detachNewThread {
      var partial: [UInt8] = []
      var buffer = [UInt8](repeating: 0, count: 1 << 16)
      while true {
        let count = read(descriptor, &buffer, buffer.count)
        if count == -1, errno == EINTR { continue }
        guard count > 0 else { break }
        target.append(buffer[..<count])
        guard let feed else { continue }
        partial += buffer[..<count]
        while let end = partial.firstIndex(of: 0x0a) {
          feed.yield(String(decoding: partial[..<end], as: UTF8.self))
          partial.removeSubrange(...end)
        }
      }
      close(descriptor)
      feed?.finish()
      group.leave()
    }
  }

  var output: String { collected.text }
  var errorOutput: String { errors.text }

  func signal(_ number: Int32) {
    // Once it was waited for, its number may be another process's.
    if !hasEnded.isSet { kill(processIdentifier, number) }
  }

  /// Waits for the end; 128 + the number where a signal ended it.
  func exitStatus() async -> Int32 { await exit.value }

  /// Waits for the end, and kills the process if it does not come within so many seconds.
  func exitStatus(within seconds: Int) async -> Int32 {
    await watched(for: seconds) { await self.exit.value }
  }

  /// Waits for a line of output that `match` makes something of. Lines are used up: ask for them in their order.
  func line<Value: Sendable>(_ match: @Sendable (String) -> Value?) async throws -> Value {
    let value = await watched(for: 60) { () -> Value? in
      for await line in self.lines {
        if let value = match(line) { return value }
      }
      return nil
    }
    guard let value else {
      throw BedError("the process ended without the line that was waited for; it said: \(output)\(errorOutput)")
    }
    return value
  }

  /// Kills the process if `body` takes longer than so many seconds.
  private func watched<Value>(for seconds: Int, _ body: () async -> Value) async -> Value {
    let watchdog = DispatchWorkItem { [self] in signal(SIGKILL) }
    DispatchQueue.global().asyncAfter(deadline: .now() + .seconds(seconds), execute: watchdog)
    defer { watchdog.cancel() }
    return await body()
  }
}
