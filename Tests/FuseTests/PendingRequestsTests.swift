import Dispatch
import LinuxSystem
import Synchronization
import Testing
import VFS

@testable import Fuse

@Suite struct PendingRequestsTests {
  /// Ends when it is cancelled, and not before.
  private func parkedTask() -> Task<Void, Never> {
    Task {
      let (stream, continuation) = AsyncStream<Void>.makeStream()
      await withTaskCancellationHandler {
        for await _ in stream {}
      } onCancel: {
        continuation.finish()
      }
    }
  }

  @Test func anInterruptCancelsTheTask() async {
    let pending = PendingRequests()
    let number = pending.reserve()
    let task = parkedTask()
    pending.attach(task, to: number)
    #expect(!task.isCancelled)
    pending.interrupt(number)
    await task.value
    #expect(task.isCancelled)
  }

  @Test func anInterruptThatComesBeforeTheTaskIsNotLost() async {
    let pending = PendingRequests()
    let number = pending.reserve()
    pending.interrupt(number)
    let task = parkedTask()
    pending.attach(task, to: number)
    await task.value
    #expect(task.isCancelled)
  }

  @Test func anInterruptAfterTheAnswerHitsNobody() {
    let pending = PendingRequests()
    let first = pending.reserve()
    pending.finish(first)
    let task = parkedTask()
    pending.attach(task, to: first)
    pending.interrupt(first)
    #expect(!task.isCancelled)
    task.cancel()
    #expect(pending.reserve() != first)
  }

  @Test func idleIsWhenAllAreAnswered() {
    let pending = PendingRequests()
    #expect(pending.waitUntilIdle(limit: .seconds(0)))
    let number = pending.reserve()
    #expect(!pending.waitUntilIdle(limit: .milliseconds(1)))
    pending.finish(number)
    #expect(pending.waitUntilIdle(limit: .seconds(0)))
  }
}

@Suite struct NoticeQueueTests {
  @Test func equalNoticesThatWaitAreSentOnceAndInOrder() throws {
    let queue = NoticeQueue()
    queue.add(.attributes(InodeID(rawValue: 5)))
    queue.add(.pages(InodeID(rawValue: 6)))
    queue.add(.attributes(InodeID(rawValue: 5)))
    queue.add(.name("b", directory: .root))
    let sent = Mutex<[Notice]>([])
    let thread = try SystemThread(named: "notices") {
      queue.run { notice in
        sent.withLock { $0.append(notice) }
        // What comes after the end is dropped.
        if notice == .name("b", directory: .root) {
          queue.close()
          queue.add(.attributes(InodeID(rawValue: 7)))
        }
      }
    }
    thread.join()
    #expect(
      sent.withLock { $0 } == [
        .attributes(InodeID(rawValue: 5)), .pages(InodeID(rawValue: 6)), .name("b", directory: .root),
      ])
  }
}
