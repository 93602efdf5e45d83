import Synchronization
import Testing
import VFS

@testable import Fuse

@Suite struct NoticeScheduleTests {
  private let directory = InodeID(rawValue: 7)
  private let other = InodeID(rawValue: 8)

  @Test func aNoticeWaitsForTheRequestThatHoldsItsLock() {
    var schedule = NoticeSchedule()
    let create = schedule.begin(directory)
    let isNew = schedule.add(.name("a", directory: directory))
    #expect(isNew)
    schedule.add(.name("a", directory: other))
    expectReady([.name("a", directory: other)], &schedule)
    expectReady([], &schedule)
    expectEnd(create, directory, &schedule)
    expectReady([.name("a", directory: directory)], &schedule)
  }

  @Test func requestsThatComeLaterDoNotDelayIt() {
    var schedule = NoticeSchedule()
    let first = schedule.begin(directory)
    schedule.add(.pages(directory))
    let second = schedule.begin(directory)
    expectReady([], &schedule)
    expectEnd(first, directory, &schedule)
    expectReady([.pages(directory)], &schedule)
    let frees = schedule.end(second, directory)
    #expect(!frees, "nothing waits for it")
  }

  @Test func rmdirHoldsTheLockOfADirectoryThatItDoesNotName() {
    var schedule = NoticeSchedule()
    let rmdir = schedule.begin(nil)
    schedule.add(.name("a", directory: directory))
    expectReady([], &schedule)
    expectEnd(rmdir, nil, &schedule)
    expectReady([.name("a", directory: directory)], &schedule)
  }

  @Test func attributesAndWakeUpsNeedNoLock() {
    var schedule = NoticeSchedule()
    _ = schedule.begin(directory)
    schedule.add(.attributes(directory))
    schedule.add(.wake(HandleID(rawValue: 3)))
    expectReady([.attributes(directory), .wake(HandleID(rawValue: 3))], &schedule)
  }

  @Test func whatIsToRunAfterwardsWaitsForAllThatWasAddedBefore() {
    var schedule = NoticeSchedule()
    let ran = Mutex<[String]>([])
    let read = schedule.begin(directory)
    schedule.whenSent { ran.withLock { $0.append("first") } }
    schedule.add(.pages(directory))
    schedule.whenSent { ran.withLock { $0.append("second") } }
    schedule.add(.pages(other))
    expectReady([.pages(other)], &schedule)
    for body in schedule.takeAfterwards() { body() }
    #expect(ran.withLock { $0 } == ["first"])
    expectEnd(read, directory, &schedule)
    expectReady([.pages(directory)], &schedule)
    for body in schedule.takeAfterwards() { body() }
    #expect(ran.withLock { $0 } == ["first", "second"])
  }

  /// Who waits for the notices of one file does not wait for a read of another.
  @Test func whatIsAboutOneInodeWaitsForItAlone() {
    var schedule = NoticeSchedule()
    let ran = Mutex<[String]>([])
    let read = schedule.begin(directory)
    schedule.add(.pages(directory))
    schedule.whenSent(about: directory) { ran.withLock { $0.append("held") } }
    schedule.add(.pages(other))
    schedule.whenSent(about: other) { ran.withLock { $0.append("other") } }
    schedule.whenSent { ran.withLock { $0.append("all") } }
    expectReady([.pages(other)], &schedule)
    for body in schedule.takeAfterwards() { body() }
    #expect(ran.withLock { $0 } == ["other"])
    expectEnd(read, directory, &schedule)
    expectReady([.pages(directory)], &schedule)
    for body in schedule.takeAfterwards() { body() }
    #expect(ran.withLock { $0 } == ["other", "held", "all"])
  }

  @Test func aNoticeThatWaitsIsNotSentTwice() {
    var schedule = NoticeSchedule()
    let read = schedule.begin(directory)
    schedule.add(.pages(directory))
    let isNew = schedule.add(.pages(directory))
    #expect(!isNew)
    _ = schedule.takeReady()
    expectEnd(read, directory, &schedule)
    expectReady([.pages(directory)], &schedule)
    let isNewNow = schedule.add(.pages(directory))
    #expect(isNewNow)
  }

  private func expectReady(
    _ notices: [Notice], _ schedule: inout NoticeSchedule, at location: SourceLocation = #_sourceLocation
  ) {
    let ready = schedule.takeReady()
    #expect(ready == notices, sourceLocation: location)
  }

  /// The answer to a request frees a notice.
  private func expectEnd(
    _ request: NoticeSchedule.RequestNumber, _ inode: InodeID?, _ schedule: inout NoticeSchedule,
    at location: SourceLocation = #_sourceLocation
  ) {
    let frees = schedule.end(request, inode)
    #expect(frees, sourceLocation: location)
  }
}
