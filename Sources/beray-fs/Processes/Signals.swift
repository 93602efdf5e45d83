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
    let pipe = try Pipe()
    _ = fcntl(pipe.writeEnd, F_SETFL, O_NONBLOCK)
    pipeEnd.store(pipe.writeEnd, ordering: .releasing)
    let readEnd = pipe.readEnd
    let (stream, continuation) = AsyncStream.makeStream(of: Int32.self)
    // A queue of its own: the block waits for as long as the process lives.
    DispatchQueue(label: "signals").async {
      var byte: UInt8 = 0
      while true {
        let count = read(readEnd, &byte, 1)
        if count == 1 { continuation.yield(Int32(byte)) } else if errno != EINTR { break }
      }
    }
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
