internal import Glibc
package import SystemPackage

/// A program that is run to its end for what it prints.
package struct ProgramRun: Sendable {
  /// What it wrote to standard output, and to standard error where that was asked for.
  package let output: [UInt8]
  /// Its wait status (waitpid(2)); nil if it was killed for taking too long or saying too much.
  package let status: Int32?

  package var succeeded: Bool { status == 0 }

  /// Runs a program that has nothing to read.
  ///
  /// A read of a mount whose process hangs cannot be interrupted within this process; a child can be left behind.
  /// - Parameters:
  ///   - includesErrors: whether standard error goes where standard output goes.
  ///   - limit: the most bytes that it may write.
  package init(
    _ spawn: Spawn, includesErrors: Bool = false, timeout: Duration, limit: Int = 1 << 20
  ) throws(Errno) {
    let pipe = try Pipe()
    var spawn = spawn
    spawn.output = .descriptor(pipe.writeEnd.rawValue)
    if includesErrors { spawn.errors = spawn.output }
    let deadline = ContinuousClock.now + timeout
    let process = try spawn.start()
    pipe.writeEnd.close()
    let end = try? ProcessHandle(process)
    let read = try? pipe.readEnd.readAll(before: deadline, limit: limit)
    output = read?.bytes ?? []
    if read?.isWhole == true, end?.hasEnded(within: max(.zero, deadline - .now)) ?? true {
      status = ProcessHandle.reap(process)
    } else {
      kill(process, SIGKILL)
      // A child that hangs in the kernel is not waited for.
      if end?.hasEnded(within: .milliseconds(100)) ?? false { ProcessHandle.reap(process) }
      status = nil
    }
  }
}
