import Glibc
import LinuxSystem
import Synchronization
import SystemPackage

@testable import Fuse

/// A command run by another process: the one that serves a mount must never use it.
struct Command {
  struct Result: Sendable {
    var status: WaitStatus
    var output: String
    var timedOut: Bool

    var exitCode: Int32? { if case .exited(let code) = status { code } else { nil } }
    var signal: Int32? { if case .signalled(let signal) = status { signal } else { nil } }
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
