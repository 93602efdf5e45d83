import Testing
import VFS

@testable import BerayFS

/// When what failed is tried again.
@Suite struct RetryScheduleTests {
  private let a = InodeID(rawValue: 5)
  private let b = InodeID(rawValue: 6)

  @Test func theFirstTryIsAtOnceAndTheNextOnesComeLaterAndLater() {
    var schedule = RetrySchedule()
    #expect(schedule.isDue(a, at: .zero))
    var pauses: [Duration] = []
    for _ in 0..<9 {
      schedule.failed(a, at: .seconds(100))
      pauses.append((schedule.next(of: [a]) ?? .zero) - .seconds(100))
    }
    #expect(pauses == [1, 2, 4, 8, 16, 32, 60, 60, 60].map { .seconds($0) })
  }

  @Test func whatTheServerAsksOfOneFileHoldsUpNoOther() {
    var schedule = RetrySchedule()
    schedule.failed(a, at: .zero, asked: 30)
    schedule.failed(b, at: .zero)
    #expect(schedule.next(of: [a, b]) == .seconds(1))
    #expect(!schedule.isDue(a, at: .seconds(1)))
    #expect(schedule.isDue(b, at: .seconds(1)))
    #expect(schedule.next(of: [a]) == .seconds(30))
  }

  @Test(arguments: [100_000, .max])
  func noServerAsksForMoreThanAMinute(_ asked: Int) {
    var schedule = RetrySchedule()
    schedule.failed(a, at: .zero, asked: asked)
    #expect(schedule.next(of: [a]) == .seconds(60))
  }

  @Test func aLoginDoesNotWaitLong() {
    var schedule = RetrySchedule()
    for _ in 0..<9 { schedule.failed(a, at: .zero, isLogin: true) }
    #expect(schedule.next(of: [a]) == .seconds(5))
  }

  @Test func whatIsSentBeginsAnew() {
    var schedule = RetrySchedule()
    for _ in 0..<5 { schedule.failed(a, at: .zero) }
    schedule.keep([])
    schedule.failed(a, at: .zero)
    #expect(schedule.next(of: [a]) == .seconds(1))
    #expect(schedule.next(of: []) == nil)
  }
}
