import Dispatch
import Glibc
import Synchronization

/// Signals as a sequence.
///
/// A handler writes the number into a pipe. A blocked or ignored signal would instead be inherited by every program
/// that this process starts.
enum Signals {
  private static let pipeEnd = Atomic<Int32>(-1)

  /// Catches `numbers` from now on, for the life of the process. Call it once.
  static func caught(_ numbers: [Int32]) throws(CommandError) -> AsyncStream<Int32> {
    var ends: [Int32] = [-1, -1]
    guard pipe2(&ends, O_CLOEXEC | O_NONBLOCK) == 0 else { throw .system("make a pipe", errno) }
    pipeEnd.store(ends[1], ordering: .releasing)
    let readEnd = ends[0]
    let (stream, continuation) = AsyncStream.makeStream(of: Int32.self)
    let source = DispatchSource.makeReadSource(fileDescriptor: readEnd, queue: .global())
    source.setEventHandler {
      var byte: UInt8 = 0
      while read(readEnd, &byte, 1) == 1 { continuation.yield(Int32(byte)) }
    }
    continuation.onTermination = { _ in source.cancel() }
    source.activate()
    for number in numbers {
      var action = sigaction()
      action.__sigaction_handler.sa_handler = Self.handler
      action.sa_flags = Int32(SA_RESTART)
      sigaction(number, &action, nil)
    }
    return stream
  }

  /// Async-signal-safe (signal-safety(7)): one write(2), errno restored.
  private static let handler: @convention(c) (Int32) -> Void = { number in
    let before = errno
    var byte = UInt8(truncatingIfNeeded: number)
    _ = write(pipeEnd.load(ordering: .acquiring), &byte, 1)
    errno = before
  }
}
