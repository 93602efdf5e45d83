import Foundation
import Glibc
import Testing
import VFS

@testable import BerayFS

@Suite struct ThreadGroupTests {
  @Test func theProcessOfAThreadIsFound() {
    let own = ProcessID(rawValue: getpid())
    #expect(ThreadGroup.of(own) == own)
    #expect(ThreadGroup.of(ProcessID(rawValue: 0)) == nil)
    #expect(ThreadGroup.of(ProcessID(rawValue: .max)) == nil)
  }

  @Test func aFurtherThreadIsOfItsProcess() async {
    let found: (ProcessID, ProcessID?) = await withCheckedContinuation { continuation in
      Thread.detachNewThread {
        // PID/task/TID, proc_thread-self(5).
        let path = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/thread-self")) ?? ""
        let thread = ProcessID(rawValue: path.split(separator: "/").last.flatMap { Int32($0) } ?? 0)
        continuation.resume(returning: (thread, ThreadGroup.of(thread)))
      }
    }
    #expect(found.0.rawValue != getpid())
    #expect(found.1 == ProcessID(rawValue: getpid()))
  }

  @Test func aProcessThatNobodyWaitedForIsGone() throws {
    var child = pid_t()
    var arguments: [UnsafeMutablePointer<CChar>?] = [strdup("true"), nil]
    defer { free(arguments[0]) }
    try #require(posix_spawn(&child, "/bin/true", nil, nil, &arguments, environ) == 0)
    var ended = siginfo_t()
    try #require(waitid(P_PID, id_t(child), &ended, WEXITED | WNOWAIT) == 0)
    #expect(ThreadGroup.of(ProcessID(rawValue: child)) == nil)
    #expect(waitpid(child, nil, 0) == child)
  }
}
