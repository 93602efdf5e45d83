import BerayAPI
import SystemPackage
import Testing
import VFS
import Waiting

@testable import BerayFS

/// Who has a file open, and how its content comes: the parts of ``FileState`` by themselves.
struct FileStateTests {
  @Test func readersOfAFormerContentAreCounted() {
    var opens = Opens()
    let wereFirst = [opens.opened([.read]), opens.opened([.read, .write])]
    #expect(wereFirst == [true, false] && opens.isWritten)
    opens.contentIsFormer()
    // Who comes now reads the content of now.
    _ = opens.opened([.read])
    #expect(opens.formerReaders == 2)
    opens.followed()
    let wereLast = [
      opens.closed([.read], wasFormer: true), opens.closed([.read], wasFormer: false),
      opens.closed([.read, .write], wasFormer: false),
    ]
    #expect(wereLast == [false, false, true])
    #expect(!opens.hasFormerReaders && !opens.isOpen && !opens.isWritten)
  }

  @Test func pagesStayWhereTheSameContentGoesOn() {
    var opens = Opens()
    opens.takesPages(of: 3)
    opens.pagesStay(3, as: 4)
    #expect(opens.hasPages(of: 4))
    opens.pagesStay(3, as: 5)
    #expect(!opens.hasPages(of: 5))
  }

  /// The end of the mount, and the rename of a directory, look at the files that are registered.
  @Test func aFileIsRegisteredWhileSomethingIsToBeDoneForIt() async throws {
    let fixture = WorkFixture()
    fixture.server.put("f", "text")
    let file = try #require(try await fixture.node("f") as? WorkFile)
    var isRegistered: Bool { fixture.shared.writtenFiles.contains { $0 === file } }
    #expect(!isRegistered)
    let upload = Flight<Void, Errno>()
    file.change { $0.turn.begins(sending: upload) }
    #expect(isRegistered)
    // What is on its way goes on without a name.
    file.detach()
    #expect(isRegistered)
    file.change { $0.turn.ends(sending: upload) }
    #expect(!isRegistered)
    // What is written to a file without a name goes nowhere.
    file.change { file.writer.attachEmpty(&$0) }
    #expect(!isRegistered)
  }

  @Test func onlyAServerThatKeepsAttributesIsToldOfThem() async throws {
    let fixture = WorkFixture()
    fixture.server.put("f", "text")
    let file = try #require(try await fixture.node("f") as? WorkFile)
    file.change { $0.markUnsent(mode: true) }
    let isUnfinished = file.known { ($0.isUnfinished(keepsAttributes: true), $0.isUnfinished(keepsAttributes: false)) }
    #expect(isUnfinished == (true, false))
    file.change { $0.markTold(upTo: 1) }
    #expect(!file.known { $0.isUnfinished(keepsAttributes: true) })
  }

  @Test func listingsDoNotUndoWhatIsStillToBeTold() {
    let (old, set) = (Timestamp(seconds: 5), Timestamp(seconds: 9))
    var attributes = FileAttributes(mode: 0o644, modified: old)
    let isNews = [
      attributes.takeListed(mode: nil), attributes.takeListed(mode: 0o644), attributes.takeListed(mode: 0o600),
    ]
    #expect(isNews == [false, false, true] && attributes.mode == 0o600)
    attributes.sets(mode: 0o755)
    attributes.sets(modified: set)
    attributes.markUnsent(mode: true, time: true)
    let isOther = attributes.takeListed(mode: 0o600)
    attributes.takeListed(modified: UTCTime(seconds: 7, nanoseconds: 0))
    #expect(!isOther && attributes.mode == 0o755 && attributes.modified == set)
    // They were set on a content that is no more.
    attributes.othersChanged(mode: 0o600, modified: UTCTime(seconds: 7, nanoseconds: 0))
    #expect(attributes.mode == 0o600 && attributes.modified == Timestamp(seconds: 7) && attributes.unsent.isEmpty)
  }

  private typealias Whole = Flight<[InodeID: [UInt8]], Errno>

  @Test func oneFetchBringsAContent() {
    var remote = RemoteContent()
    let (first, second) = (Whole(), Whole())
    let begun = [remote.begins(whole: first), remote.begins(whole: second)]
    #expect(begun == [true, false] && remote.whole === first)
    // The end of another changes nothing.
    remote.ended(whole: second)
    #expect(!remote.isIdle)
    remote.ended(whole: first)
    #expect(remote.isIdle)
  }

  @Test func aStreamTakesTheWayOfPartsAndOfTheWhole() throws {
    let spills = SpillSpace(directory: "/var/tmp")
    func stream() throws -> StreamReader { StreamReader(spill: try spills.makeFile(), size: nil) }
    let ranges = RangeReader(size: 9 << 20, generation: 0, listed: FileVersion(size: 9 << 20))
    let (comes, other) = (try stream(), try stream())
    var remote = RemoteContent()
    let begun = [remote.begins(whole: Whole()), remote.begins(ranges: ranges)]
    #expect(begun == [true, true] && remote.whole == nil && remote.ranges === ranges)
    let takesOver = remote.begins(stream: comes)
    #expect(takesOver && remote.ranges == nil)
    let later = [
      remote.begins(stream: other), remote.begins(ranges: ranges), remote.begins(whole: Whole()),
    ]
    #expect(later == [false, false, false])
    remote.ended(stream: other)
    #expect(remote.stream === comes)
    let closed = remote.closed()
    #expect(closed === comes && remote.isIdle)
  }

  @Test func whatProgramsWroteComesFromNowhereElse() {
    var source = ContentSource.untouched
    let sizing = Flight<Void, Errno>()
    source.changeRemote { $0.begins(sizing: sizing) }
    #expect(source.remote?.sizing === sizing)
    let fixture = WorkFixture()
    let now = fixture.time.source.now()
    source = .written(WriteBuffer([], base: nil, isFresh: true, at: now, shared: fixture.shared))
    let begun = source.changeRemote { $0.begins(whole: Whole()) }
    #expect(begun == nil && source.remote == nil)
  }
}
