import Dispatch
import Foundation
import Synchronization

/// A process that a test started. What it writes is kept; nothing of it outlives the test.
final class ChildProcess: Sendable {
  let processIdentifier: Int32
  private let exit: Task<Int32, Never>
  private let lines: AsyncStream<String>
  private let collected: Collected
  private let errors: Collected

  /// Bytes that a pipe gave so far.
  private final class Collected: Sendable {
    let bytes = Mutex(Data())
    var text: String { bytes.withLock { String(decoding: $0, as: UTF8.self) } }
  }

  /// - Parameter joinsErrors: whether what is written to standard error counts as output.
  init(_ arguments: [String], environment: [String: String], joinsErrors: Bool = true) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: arguments[0])
    process.arguments = Array(arguments.dropFirst())
    process.environment = environment
    process.standardInput = FileHandle.nullDevice

    let (lines, lineFeed) = AsyncStream<String>.makeStream()
    let collected = Collected()
    let errors = Collected()
    let (ends, endFeed) = AsyncStream<Int32>.makeStream()
    let (closes, closeFeed) = AsyncStream<Void>.makeStream()

    func drain(_ pipe: Pipe, into target: Collected, feed: AsyncStream<String>.Continuation?) {
      let partial = Mutex(Data())
      pipe.fileHandleForReading.readabilityHandler = { handle in
        let data = handle.availableData
        if data.isEmpty {
          handle.readabilityHandler = nil
          feed?.finish()
          closeFeed.yield()
          return
        }
        target.bytes.withLock { $0.append(data) }
        let whole: [String] = partial.withLock { partial in
          partial.append(data)
          var found: [String] = []
          while let end = partial.firstIndex(of: 0x0a) {
            found.append(String(decoding: partial[partial.startIndex..<end], as: UTF8.self))
            partial = Data(partial[partial.index(after: end)...])
          }
          return found
        }
        for line in whole { feed?.yield(line) }
      }
    }
    let output = Pipe()
    process.standardOutput = output
    drain(output, into: collected, feed: lineFeed)
    if joinsErrors {
      process.standardError = output
    } else {
      let pipe = Pipe()
      process.standardError = pipe
      drain(pipe, into: errors, feed: nil)
    }
    process.terminationHandler = { process in
      endFeed.yield(
        process.terminationReason == .exit ? process.terminationStatus : 128 + process.terminationStatus)
      endFeed.finish()
    }
    try process.run()
    let pipes = joinsErrors ? 1 : 2
    self.processIdentifier = process.processIdentifier
    self.lines = lines
    self.collected = collected
    self.errors = errors
    self.exit = Task {
      var status: Int32 = -1
      for await end in ends { status = end }
      // A grandchild may hold a pipe open for ever; the process's own output is there by now.
      var closed = 0
      let watchdog = DispatchWorkItem { closeFeed.finish() }
      DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(500), execute: watchdog)
      for await _ in closes {
        closed += 1
        if closed == pipes { break }
      }
      watchdog.cancel()
      return status
    }
  }

  var output: String { collected.text }
  var errorOutput: String { errors.text }

  func signal(_ number: Int32) { kill(processIdentifier, number) }

  /// Waits for the end; 128 + the number where a signal ended it.
  func exitStatus() async -> Int32 { await exit.value }

  /// Waits for the end, and kills the process if it does not come within so many seconds.
  func exitStatus(within seconds: Int) async -> Int32 {
    let watchdog = DispatchWorkItem { [processIdentifier] in kill(processIdentifier, SIGKILL) }
    DispatchQueue.global().asyncAfter(deadline: .now() + .seconds(seconds), execute: watchdog)
    defer { watchdog.cancel() }
    return await exit.value
  }

  /// Waits for a line of output that `match` makes something of. Lines are used up: ask for them in their order.
  func line<Value: Sendable>(_ match: (String) -> Value?) async throws -> Value {
    let watchdog = DispatchWorkItem { [processIdentifier] in kill(processIdentifier, SIGKILL) }
    DispatchQueue.global().asyncAfter(deadline: .now() + .seconds(60), execute: watchdog)
    defer { watchdog.cancel() }
    for await line in lines {
      if let value = match(line) { return value }
    }
    throw BedError("the process ended without the line that was waited for; it said: \(output)\(errorOutput)")
  }
}
