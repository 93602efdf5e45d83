import Synchronization
import SystemPackage
import Testing
import VFS

@Suite struct OutcomeTests {
  private let later = Outcome<Int>.pending { () async throws(Errno) in 20 }
  private let failing = Outcome<Int>.pending { () async throws(Errno) in throw .interrupted }

  @Test func whatIsReadyStaysReady() throws {
    guard case .ready(let text) = Outcome.ready(20).map({ "\($0)" }) else {
      Issue.record("not ready")
      return
    }
    #expect(text == "20")
    guard case .failed(let errno) = Outcome.ready(20).then({ _ in Outcome<Int>.failed(.ioError) }) else {
      Issue.record("not failed")
      return
    }
    #expect(errno == .ioError)
  }

  @Test func aTransformThatThrowsFails() async {
    let outcome = Outcome.ready(20).map { _ throws(Errno) -> Int in throw .permissionDenied }
    await #expect(throws: Errno.permissionDenied) { try await outcome.get() }
  }

  @Test func workIsChained() async throws {
    #expect(try await later.map { $0 + 1 }.get() == 21)
    let outer = later
    #expect(try await outer.then { value in Outcome<Int>.pending { () async throws(Errno) in value * 2 } }.get() == 40)
  }

  @Test func aFailureIsSeenNowAndLater() async {
    let seen = Mutex(0)
    _ = Outcome<Int>.failed(.ioError).onFailure { seen.withLock { $0 += 1 } }
    #expect(seen.withLock { $0 } == 1)
    await #expect(throws: Errno.interrupted) {
      try await failing.onFailure { seen.withLock { $0 += 1 } }.get()
    }
    #expect(seen.withLock { $0 } == 2)
    _ = Outcome.ready(1).onFailure { seen.withLock { $0 += 1 } }
    _ = try? await later.onFailure { seen.withLock { $0 += 1 } }.get()
    #expect(seen.withLock { $0 } == 2)
  }

  @Test func anErrorEndsTheChain() async {
    await #expect(throws: Errno.interrupted) { try await failing.map { $0 + 1 }.get() }
    await #expect(throws: Errno.interrupted) { try await failing.then { .ready($0) }.get() }
  }
}
