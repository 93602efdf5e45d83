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
}
