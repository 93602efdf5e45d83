import SystemPackage
import Testing
import Waiting

@Suite(.timeLimit(.minutes(1))) struct RaceTests {
  @Test func theWorkEndsTheLimit() async throws {
    let limit = Pause()
    let value = try await race { () async throws(Errno) in
      try await limit.began.value()
      return 7
    } against: { () async throws(Errno) in
      try await limit.untilCancelled()
      return 8
    }
    #expect(value == 7)
    #expect(limit.ended.isFinished)
  }

  @Test func theErrorOfTheWorkCounts() async {
    let limit = Pause()
    await #expect(throws: Errno.ioError) {
      try await race { () async throws(Errno) -> Int in
        throw .ioError
      } against: { () async throws(Errno) in
        try await limit.untilCancelled()
        return 8
      }
    }
    #expect(limit.ended.isFinished)
  }

  @Test func theLimitEndsTheWork() async {
    let work = Pause()
    await #expect(throws: Errno.timedOut) {
      try await race { () async throws(Errno) in
        try await work.untilCancelled()
      } against: { () async throws(Errno) in
        try await work.began.value()
        throw .timedOut
      }
    }
    #expect(work.ended.isFinished)
  }

  @Test func theLimitMayHaveTheResult() async throws {
    let work = Pause()
    let value = try await race { () async throws(Errno) in
      try await work.untilCancelled()
      return 7
    } against: { () async throws(Errno) in
      8
    }
    #expect(value == 8)
    #expect(work.ended.isFinished)
  }

  @Test func aLimitWithoutResultLeavesItToTheWork() async throws {
    let isLeft = Flight<Void, Errno>()
    let value = try await race { () async throws(Errno) in
      try await isLeft.value()
      for _ in 0..<100 { await Task.yield() }
      return Task.isCancelled ? 0 : 7
    } against: { () async throws(Errno) in
      isLeft.finish(.success(()))
      return nil
    }
    #expect(value == 7)
  }

  @Test func aCancelledCallerEndsBothAndGetsWhatTheWorkHas() async {
    let (work, limit) = (Pause(), Pause())
    let caller = Task {
      await race {
        try? await work.untilCancelled()
        return 7
      } against: {
        try? await limit.untilCancelled()
        return nil
      }
    }
    await #expect(throws: Never.self) {
      try await work.began.value()
      try await limit.began.value()
    }
    caller.cancel()
    #expect(await caller.value == 7)
    #expect(work.ended.isFinished && limit.ended.isFinished)
  }
}

/// Lasts until it is cancelled.
struct Pause {
  let began = Flight<Void, Errno>()
  /// Finished some time after the cancellation, so that a test notices who does not wait for it.
  let ended = Flight<Void, Errno>()

  func untilCancelled() async throws(Errno) {
    began.finish(.success(()))
    do throws(Errno) { try await Flight<Void, Errno>().value() } catch {
      for _ in 0..<100 { await Task.yield() }
      ended.finish(.success(()))
      throw error
    }
  }
}
