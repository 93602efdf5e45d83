import Glibc
import LinuxSystem
import Synchronization
import SystemPackage

/// Delivers signals as bytes in a pipe, which can be polled together with other descriptors.
///
/// A handler writes the signal's number into the pipe. Every program that this process starts would inherit blocked or
/// ignored signals, but not handlers. Signals that were ignored from the start (nohup(1), `&` in a script) stay
/// ignored.
struct SignalPipe {
  private let pipe: Pipe
  private let writeEndBefore: Int32
  private let actionsBefore: [(number: Int32, action: sigaction)]

  private static let handlerEnd = Atomic<Int32>(-1)

  /// The end to read from. Each byte is a signal's number.
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
      // SIG_IGN is the number 1, which is not a function that could be compared.
      if unsafeBitCast(old.__sigaction_handler.sa_handler, to: Int.self) == 1 { continue }
      before.append((number, old))
      var action = sigaction()
      action.__sigaction_handler.sa_handler = Self.handler
      action.sa_flags = Int32(SA_RESTART)
      sigaction(number, &action, nil)
    }
    actionsBefore = before
  }

  /// Restores the previous actions of the signals and closes the pipe.
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
