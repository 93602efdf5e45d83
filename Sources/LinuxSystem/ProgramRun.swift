internal import Glibc
package import SystemPackage

/// Runs a program to its end and collects its output.
package struct ProgramRun: Sendable {
  /// Its standard output, and its standard error if that was requested.
  package let output: [UInt8]
  /// Nil if it was killed because it took too long or wrote too much.
  package let status: WaitStatus?

  package var succeeded: Bool { status == .exited(0) }

  /// Runs a program and waits for its end.
  ///
  /// Reading a mount whose process hangs cannot be interrupted within this process. A child can be left behind.
  /// - Parameters:
  ///   - includesErrors: whether to collect standard error too.
  ///   - limit: how many bytes the program may write.
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
      // Do not wait for a child that hangs in the kernel.
      if end?.hasEnded(within: .milliseconds(100)) ?? false { ProcessHandle.reap(process) }
      status = nil
    }
  }
}
