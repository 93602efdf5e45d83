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
