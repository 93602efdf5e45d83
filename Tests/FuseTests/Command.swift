import Glibc
import LinuxSystem
import Synchronization
import SystemPackage

@testable import Fuse

/// A command run by another process: the one that serves a mount must never use it.
struct Command {
  struct Result: Sendable {
    /// As waitpid(2) gives it.
    var status: Int32
    var output: String
    var timedOut: Bool

    var exitCode: Int32? { status & 0x7f == 0 ? (status >> 8) & 0xff : nil }
    var signal: Int32? { status & 0x7f == 0 ? nil : status & 0x7f }
    var succeeded: Bool { exitCode == 0 && !timedOut }
  }

  let process: pid_t
  private let output: OwnedDescriptor

  /// Starts `arguments` with standard output and standard error in one pipe.
  init(_ arguments: [String], in directory: String = "/") throws(Errno) {
    let pipe = try Pipe()
    process = try Spawn(
      executable: arguments[0], arguments: arguments, output: .descriptor(pipe.writeEnd.rawValue),
      errors: .descriptor(pipe.writeEnd.rawValue), directory: directory
    ).start()
    output = pipe.readEnd
  }

  /// Waits for its end on a thread of its own, for `seconds` at most; then it is killed, and `onTimeout` must free it if
  /// it hangs in the kernel.
  func result(within seconds: Double, onTimeout: @escaping @Sendable () -> Void) async throws -> Result {
    try await withCheckedThrowingContinuation { continuation in
      do throws(Errno) {
        try SystemThread(named: "command") {
          continuation.resume(returning: self.wait(seconds, onTimeout))
        }.detach()
      } catch {
        continuation.resume(throwing: error)
      }
    }
  }

  private func wait(_ seconds: Double, _ onTimeout: () -> Void) -> Result {
    let read = try? output.readAll(before: .now + .seconds(seconds))
    let timedOut = read?.isWhole == false
    if timedOut {
      kill(process, SIGKILL)
      onTimeout()
    }
    let status = ProcessHandle.reap(process)
    return Result(
      status: status, output: String(decoding: read?.bytes ?? [], as: UTF8.self), timedOut: timedOut)
  }
}
