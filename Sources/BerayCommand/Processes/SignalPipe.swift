import Glibc
import LinuxSystem
import Synchronization
import SystemPackage

/// Signals as bytes of a pipe, whichever thread the kernel gives them to; the pipe can be polled beside other descriptors.
///
/// A handler writes the number into the pipe. A blocked or ignored signal would instead be inherited by every program
/// that this process starts. What was inherited as ignored (nohup(1), `&` in a script) stays so.
struct SignalPipe {
  private let pipe: Pipe
  private let writeEndBefore: Int32
  private let actionsBefore: [(number: Int32, action: sigaction)]

  private static let handlerEnd = Atomic<Int32>(-1)

  /// The end that is read; each byte is a number.
  var readEnd: OwnedDescriptor { pipe.readEnd }

  /// Catches `numbers` until ``restore()``.
  init(catching numbers: [Int32]) throws(CommandError) {
    pipe = try CommandError.calling("make a pipe") { () throws(Errno) in try Pipe() }
    let writeEnd = pipe.writeEnd.rawValue
    _ = fcntl(writeEnd, F_SETFL, O_NONBLOCK)
    writeEndBefore = Self.handlerEnd.exchange(writeEnd, ordering: .acquiringAndReleasing)
    var before: [(number: Int32, action: sigaction)] = []
    for number in numbers {
      var old = sigaction()
      sigaction(number, nil, &old)
      // SIG_IGN is 1, and no function that could be compared.
      if unsafeBitCast(old.__sigaction_handler.sa_handler, to: Int.self) == 1 { continue }
      before.append((number, old))
      var action = sigaction()
      action.__sigaction_handler.sa_handler = Self.handler
      action.sa_flags = Int32(SA_RESTART)
      sigaction(number, &action, nil)
    }
    actionsBefore = before
  }

  /// Lets the signals act again as they did before, and closes the pipe.
  func restore() {
    for (number, action) in actionsBefore {
      var action = action
      sigaction(number, &action, nil)
    }
    Self.handlerEnd.store(writeEndBefore, ordering: .releasing)
    pipe.readEnd.close()
    pipe.writeEnd.close()
  }

  /// Async-signal-safe (signal-safety(7)): one write(2), errno restored.
  private static let handler: @convention(c) (Int32) -> Void = { number in
    let before = errno
    var byte = UInt8(truncatingIfNeeded: number)
    _ = write(handlerEnd.load(ordering: .acquiring), &byte, 1)
    errno = before
  }
}
