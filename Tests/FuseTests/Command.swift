import CFuse
import Glibc
import Synchronization

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
  private let output: Int32

  /// Starts `arguments` with standard output and standard error in one pipe.
  init(_ arguments: [String], in directory: String = "/") throws(SpawnError) {
    var ends: [Int32] = [-1, -1]
    guard pipe2(&ends, O_CLOEXEC) == 0 else { throw SpawnError(errno: errno) }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
    posix_spawn_file_actions_adddup2(&actions, ends[1], 2)
    let script = ["/bin/sh", "-c", "cd \"$0\" && exec \"$@\"", directory] + arguments
    var argv = script.map { strdup($0) } + [nil]
    defer { for argument in argv { free(argument) } }
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    // A thread of the cooperative pool blocks signals, and other tests may ignore SIGPIPE; a child would inherit both.
    var signals = sigset_t()
    sigemptyset(&signals)
    posix_spawnattr_setsigmask(&attributes, &signals)
    sigaddset(&signals, SIGPIPE)
    posix_spawnattr_setsigdefault(&attributes, &signals)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
    var child = pid_t()
    let result = posix_spawn(&child, "/bin/sh", &actions, &attributes, &argv, environ)
    close(ends[1])
    guard result == 0 else {
      close(ends[0])
      throw SpawnError(errno: result)
    }
    process = child
    output = ends[0]
  }

  /// Waits for its end on a thread of its own, for `seconds` at most; then it is killed, and `onTimeout` must free it if
  /// it hangs in the kernel.
  func result(within seconds: Double, onTimeout: @escaping @Sendable () -> Void) async throws -> Result {
    try await withCheckedThrowingContinuation { continuation in
      do throws(MountError) {
        try ServiceThread(named: "command") {
          continuation.resume(returning: self.wait(seconds, onTimeout))
        }.detach()
      } catch {
        continuation.resume(throwing: error)
      }
    }
  }

  private func wait(_ seconds: Double, _ onTimeout: () -> Void) -> Result {
    defer { close(output) }
    let start = ContinuousClock.now
    var bytes: [UInt8] = []
    var timedOut = false
    while true {
      let left = seconds - (ContinuousClock.now - start) / .seconds(1)
      var waiting = pollfd(fd: output, events: Int16(POLLIN), revents: 0)
      if Glibc.poll(&waiting, 1, timedOut ? -1 : Int32(max(left, 0) * 1000)) == 0 {
        timedOut = true
        kill(process, SIGKILL)
        onTimeout()
        break
      }
      var buffer = [UInt8](repeating: 0, count: 65536)
      let count = read(output, &buffer, buffer.count)
      if count <= 0 { break }
      bytes += buffer[..<count]
    }
    var status: Int32 = 0
    while waitpid(process, &status, 0) < 0, errno == EINTR {}
    return Result(status: status, output: String(decoding: bytes, as: UTF8.self), timedOut: timedOut)
  }
}
