import Dispatch
import HTTPTypes
import Synchronization
import Testing

@testable import BerayServer

@Suite(.timeLimit(.minutes(5))) struct LimitTests {
  @Test func attemptsAreLimitedByNameAndAllTogether() throws {
    let time = Mutex(ContinuousClock().now)
    let limiter = AttemptLimiter(ofOne: 2, ofAll: 5, period: .seconds(60)) { time.withLock(\.self) }
    try limiter.count("a")
    try limiter.count("a")
    #expect(throws: HTTPFailure.self) { try limiter.count("a") }
    limiter.takeBack("a")
    try limiter.count("a")
    #expect(throws: HTTPFailure.self) { try limiter.count("a") }
    limiter.forgive("a")
    try limiter.count("a")
    for name in ["b", "c", "d"] { try limiter.count(name) }
    // The names that were refused are not kept.
    for name in 0..<1000 {
      #expect(throws: HTTPFailure.self) { try limiter.count("x\(name)") }
    }
    #expect(limiter.nameCount == 4)
    time.withLock { $0 += .seconds(61) }
    try limiter.count("e")
    #expect(limiter.nameCount == 1)
  }

  @Test func aCrowdOfLoginsIsTurnedAway() async throws {
    let passwords = PasswordThread()
    let gate = DispatchSemaphore(value: 0)
    try await withThrowingTaskGroup(of: Int.self) { group in
      for _ in 0...PasswordThread.maximumWaiting {
        group.addTask {
          do {
            try await passwords.run { gate.wait() }
            return 200
          } catch let failure as HTTPFailure {
            return failure.status.code
          }
        }
      }
      // None of the others can end before the gate opens.
      #expect(try await group.next() == 503)
      for _ in 0..<PasswordThread.maximumWaiting { gate.signal() }
      for try await status in group { #expect(status == 200) }
    }
    await passwords.shutDown()
  }

  @Test func pausesDoubleForOneAccountAndOthersWaitForNothing() throws {
    let time = Mutex(ContinuousClock().now)
    let limiter = LoginLimiter { time.withLock(\.self) }
    for _ in 0..<LoginLimiter.freeOfPeer { try limiter.begin("a", from: "1") }
    var pauses: [Int] = []
    for _ in 0..<8 {
      var pause = 0
      while (try? limiter.begin("a", from: "1")) == nil {
        pause += 1
        time.withLock { $0 += .seconds(1) }
      }
      pauses.append(pause)
    }
    #expect(pauses == [1, 2, 4, 8, 16, 32, 60, 60])
    try limiter.begin("a", from: "2")
    try limiter.begin("b", from: "1")
    limiter.succeeded("a", from: "2")
    // A flood from everywhere slows down those who were never there.
    for peer in 0..<1000 { try? limiter.begin("a", from: "x\(peer)") }
    #expect(throws: HTTPFailure.self) { try limiter.begin("a", from: "3") }
    try limiter.begin("a", from: "2")
    for name in 0..<50_000 { try? limiter.begin("\(name)", from: "1") }
    #expect(limiter.count <= 20_000)
  }

  @Test func aHashOfLessStrengthIsMadeAnew() throws {
    #expect(PasswordHash.isUpToDate(try PasswordHash.make("p")))
    #expect(!PasswordHash.isUpToDate("scrypt$32768$8$1$AAAA$AAAA"))
  }
}
