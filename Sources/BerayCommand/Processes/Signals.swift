import Dispatch
import Glibc
import LinuxSystem

/// Signals as a sequence.
enum Signals {
  /// Catches `numbers` from now on, for the life of the process. Call it once.
  static func caught(_ numbers: [Int32]) throws(CommandError) -> AsyncStream<Int32> {
    let signals = try SignalPipe(catching: numbers)
    let (stream, continuation) = AsyncStream.makeStream(of: Int32.self)
    // A separate queue, because the block runs as long as the process.
    DispatchQueue(label: "signals").async {
      while let byte = try? signals.readEnd.readAll(limit: 1).first { continuation.yield(Int32(byte)) }
    }
    return stream
  }

  /// Ends this process by the default action of `number`.
  static func end(by number: Int32) {
    signal(number, SIG_DFL)
    act(number)
  }

  /// Lets `number` act on this process before this returns. Unblocks it first, because threads of libdispatch block
  /// every signal.
  static func act(_ number: Int32) {
    var one = sigset_t()
    var before = sigset_t()
    sigemptyset(&one)
    sigaddset(&one, number)
    pthread_sigmask(SIG_UNBLOCK, &one, &before)
    raise(number)
    pthread_sigmask(SIG_SETMASK, &before, nil)
  }
}
