import Synchronization
import SystemPackage
import Testing
import Waiting

@Suite struct FlightTests {
  @Test func allWhoWaitGetTheFirstResult() async throws {
    let flight = Flight<Int, Errno>()
    let waits = (0..<5).map { _ in Task { try await flight.value() } }
    flight.finish(.success(7))
    flight.finish(.failure(.ioError))
    for wait in waits { #expect(try await wait.value == 7) }
    #expect(try await flight.value() == 7)
    #expect(flight.isFinished)
  }

  @Test func aCancelledWaitEndsAlone() async throws {
    let flight = Flight<Int, Errno>()
    let (first, second) = (Task { try await flight.value() }, Task { try await flight.value() })
    first.cancel()
    await #expect(throws: Errno.interrupted) { try await first.value }
    flight.finish(.success(1))
    #expect(try await second.value == 1)
  }

  @Test func theLastWhoLeavesEndsIt() async {
    let isAbandoned = Flight<Void, Errno>()
    let flight = Flight<Int, Errno>(cancellation: .interrupted) { isAbandoned.finish(.success(())) }
    let waits = (0..<3).map { _ in Task { try await flight.value() } }
    for wait in waits { wait.cancel() }
    for wait in waits { await #expect(throws: Errno.interrupted) { try await wait.value } }
    await #expect(throws: Never.self) { try await isAbandoned.value() }
  }

  @Test func theEndOfAFailureIsAnEnd() async throws {
    let flight = Flight<Void, Errno>()
    flight.finish(.failure(.ioError))
    try await flight.end()
    await #expect(throws: Errno.ioError) { try await flight.value() }
  }

  @Test func itIsOutOfTheWayBeforeAnybodyHasTheResult() async throws {
    let (good, bad) = (Flight<Int, Errno>(), Flight<Int, Errno>())
    var landed: [Bool] = []
    await good.finish { () async throws(Errno) in
      4
    } landed: {
      landed.append(good.isFinished)
    }
    await bad.finish { () async throws(Errno) in
      throw .ioError
    } landed: {
      landed.append(bad.isFinished)
    }
    #expect(landed == [false, false])
    #expect(try await good.value() == 4)
    await #expect(throws: Errno.ioError) { try await bad.value() }
  }

  @Test func afterThePauseAllGetTheSubstitute() async throws {
    let flight = Flight<Int, Errno>()
    let other = Task { try await flight.value() }
    #expect(try await flight.value(within: {}, otherwise: 3) == 3)
    #expect(try await other.value == 3)
    flight.finish(.success(4))
    #expect(try await flight.value() == 3)
  }

  @Test(.timeLimit(.minutes(1))) func theResultEndsThePause() async throws {
    let flight = Flight<Int, Errno>()
    let pause = Pause()
    let wait = Task { try await flight.value(within: { try await pause.untilCancelled() }, otherwise: 3) }
    try await pause.began.value()
    flight.finish(.success(4))
    #expect(try await wait.value == 4)
    try await pause.ended.value()
  }

  @Test func aKnownResultNeedsNoPause() async throws {
    let flight = Flight<Int, Errno>()
    flight.finish(.success(4))
    #expect(try await flight.value(within: { Issue.record("it paused") }, otherwise: 3) == 4)
  }

  @Test(.timeLimit(.minutes(1))) func aCancelledWaitLeavesNoSubstitute() async throws {
    let flight = Flight<Int, Errno>()
    let pause = Pause()
    let wait = Task { try await flight.value(within: { try await pause.untilCancelled() }, otherwise: 3) }
    try await pause.began.value()
    wait.cancel()
    await #expect(throws: Errno.interrupted) { try await wait.value }
    try await pause.ended.value()
    for _ in 0..<100 { await Task.yield() }
    flight.finish(.success(4))
    #expect(try await flight.value() == 4)
  }
}

@Suite struct SharedJobTests {
  @Test func whatIsEndedBeforeItBeginsIsCancelled() async throws {
    let job = SharedJob()
    job.end()
    let ended = Flight<Void, Errno>()
    job.run {
      while !Task.isCancelled { await Task.yield() }
      ended.finish(.success(()))
    }
    try await ended.value()
  }

  @Test func whatRunsIsCancelled() async throws {
    let job = SharedJob()
    let (began, ended) = (Flight<Void, Errno>(), Flight<Void, Errno>())
    job.run {
      began.finish(.success(()))
      while !Task.isCancelled { await Task.yield() }
      ended.finish(.success(()))
    }
    try await began.value()
    job.end()
    try await ended.value()
  }
}

@Suite struct SerialTurnsTests {
  @Test func oneAtATime() async throws {
    let turns = SerialTurns()
    let inside = Counter()
    try await withThrowingTaskGroup { group in
      for _ in 0..<8 {
        group.addTask {
          try await turns.take { () async throws(Errno) in
            #expect(inside.add(1) == 1)
            await Task.yield()
            _ = inside.add(-1)
          }
        }
      }
      try await group.waitForAll()
    }
  }

  @Test func whoLeavesHoldsUpNobody() async throws {
    let turns = SerialTurns()
    let gate = Flight<Void, Errno>()
    let began = Flight<Void, Errno>()
    let holder = Task {
      try await turns.take { () async throws(Errno) in
        began.finish(.success(()))
        try await gate.value()
      }
    }
    try await began.value()
    let leaver = Task { try await turns.take { () async throws(Errno) in } }
    leaver.cancel()
    await #expect(throws: Errno.interrupted) { try await leaver.value }
    let last = Task { try await turns.take { () async throws(Errno) in 5 } }
    gate.finish(.success(()))
    #expect(try await last.value == 5)
    try await holder.value
  }
}

/// How many are inside.
private final class Counter: Sendable {
  private let count = Mutex(0)

  func add(_ number: Int) -> Int {
    count.withLock { count in
      count += number
      return count
    }
  }
}

@Suite struct LoopTurnTests {
  @Test func whoAsksWhileARoundRunsGetsAnother() {
    var turn = LoopTurn()
    let begin = [turn.asks(), turn.asks()]
    #expect(begin == [true, false])
    turn.begins()
    // Asked after the round had looked.
    let isBegun = turn.asks()
    let goesOn = turn.ends(isDone: true)
    #expect(!isBegun && goesOn)
    turn.begins()
    let ends = [turn.ends(isDone: false), turn.ends(isDone: true)]
    #expect(ends == [true, false])
    let again = turn.asks()
    #expect(again)
  }
}
