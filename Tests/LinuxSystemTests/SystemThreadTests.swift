import Glibc
import LinuxSystem
import Synchronization
import Testing

@Suite struct SystemThreadTests {
  @Test func aThreadHasItsNameAndBlocksSignals() throws {
    let name = Mutex("")
    let blocksInterrupt = Mutex(false)
    let thread = try SystemThread(named: "a-name") {
      name.withLock { $0 = ProcessFile.text("/proc/thread-self/comm") ?? "" }
      var mask = sigset_t()
      pthread_sigmask(SIG_BLOCK, nil, &mask)
      blocksInterrupt.withLock { $0 = sigismember(&mask, SIGINT) == 1 }
    }
    thread.join()
    #expect(name.withLock { $0 } == "a-name\n")
    #expect(blocksInterrupt.withLock { $0 })
  }
}
