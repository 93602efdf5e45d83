import Beray
import BerayAPI
import Synchronization
import SystemPackage
import Testing
import VFS

@testable import BerayFS

/// Servers, and proxies before them, that send something else than they list.
@Suite(.timeLimit(.minutes(5))) struct WrongContentTests {
  /// How a content is wrong.
  enum Fault: Sendable, CaseIterable {
    case endsEarly, isTooShort, isTooLong, isEndless

    func apply(to manner: inout FakeWorkServer.Manner) {
      switch self {
      case .endsEarly:
        manner.sendsLength = false
        manner.distorts = { Array($0.prefix($0.count / 2)) }
      case .isTooShort: manner.distorts = { Array($0.prefix($0.count / 2)) }
      case .isTooLong:
        manner.sendsLength = false
        manner.distorts = { $0 + [1, 2, 3] }
      case .isEndless:
        manner.sendsLength = false
        manner.isEndless = true
      }
    }
  }

  @Test(arguments: [FakeWorkServer.Manner.ours, .bare], Fault.allCases)
  func whatContradictsTheListingIsNoFile(_ manner: FakeWorkServer.Manner, _ fault: Fault) async throws {
    for size in [5000, 9 << 20] {
      var manner = manner
      if size > 5000 { manner.capabilities.remove(.ranges) }
      let fixture = WorkFixture(manner)
      let content = [UInt8](repeating: 7, count: size)
      fixture.server.put("a", content)
      #expect(try await fixture.stat("a").size == Int64(size))
      fixture.server.change { fault.apply(to: &$0) }
      await #expect(throws: Errno.ioError) { _ = try await fixture.read("a") }
      #expect(fixture.errors.contains("its listing says \(size) bytes"), "\(fixture.errors)")
      #expect(fixture.server.count(.content) > 1, "it is asked for again")
      // Nothing goes up on top of it.
      let writer = try await fixture.open("a", [.write, .append]).file
      await #expect(throws: Errno.ioError) { try await fixture.write(writer, "appended", at: nil) }
      try? await fixture.close(writer)
      #expect(isSame(fixture.server.file("a")?.bytes, content))
      #expect(fixture.server.count(.upload) == 0)
      // Nothing of it stays.
      fixture.server.change {
        $0.sendsLength = true
        $0.distorts = nil
        $0.isEndless = false
      }
      #expect(isSame(try await fixture.read("a"), content))
      let appender = try await fixture.open("a", [.write, .append]).file
      try await fixture.write(appender, "appended", at: nil)
      try await fixture.close(appender)
      #expect(isSame(fixture.server.file("a")?.bytes, content + Array("appended".utf8)))
      #expect(fixture.context.spills.inUse == 0)
    }
  }

  @Test(arguments: [FakeWorkServer.Manner.ours, .bare])
  func oneWrongAnswerIsAskedForAgain(_ manner: FakeWorkServer.Manner) async throws {
    let fixture = WorkFixture(manner)
    fixture.server.put("a", "a whole content")
    let answers = Box(0)
    fixture.server.change { manner in
      manner.distorts = { bytes in
        answers.value += 1
        return answers.value == 1 ? Array(bytes.prefix(3)) : bytes
      }
    }
    #expect(try await fixture.text("a") == "a whole content")
    #expect(fixture.errors == "")
  }

  /// Between the listing and the content, and between that and the next listing, more was written.
  @Test func aFileThatGrowsAllTheTimeIsReadAsOfSomeMoment() async throws {
    let fixture = WorkFixture(.bare, isFinished: false)
    fixture.server.put("log", [UInt8](repeating: 1, count: 1000))
    _ = try await fixture.names()
    let server = fixture.server
    server.change { manner in
      manner.distorts = { bytes in bytes + [UInt8](repeating: 1, count: 10) }
    }
    server.put("log", [UInt8](repeating: 1, count: 1020))
    server.change { manner in manner.distorts = { bytes in Array(bytes.dropLast(10)) } }
    #expect(try await fixture.read("log").count == 1010)
  }

  // MARK: - Sizes that nobody tells

  private static let silent: FakeWorkServer.Manner = {
    var manner = FakeWorkServer.Manner.minimal
    manner.sendsLength = false
    manner.hasArchives = false
    return manner
  }()

  @Test func aStatKeepsNothingOfALargeFile() async throws {
    let fixture = WorkFixture(Self.silent)
    for number in 0..<12 { fixture.server.put("f\(number)", [UInt8](repeating: 1, count: 5 << 20)) }
    for name in try await fixture.walk() { #expect(try await fixture.stat(name).size == 5 << 20) }
    #expect(fixture.context.spills.inUse == 0)
    #expect(fixture.server.count(.content) == 12)
    #expect(isSame(try await fixture.read("f3"), [UInt8](repeating: 1, count: 5 << 20)))
    #expect(fixture.context.spills.inUse == 0)
  }

  @Test func anInterruptedStatEndsTheDownload() async throws {
    let fixture = WorkFixture(Self.silent)
    fixture.server.put("f", [UInt8](repeating: 1, count: 5 << 20))
    fixture.server.change {
      $0.isEndless = true
      $0.piece = 64
    }
    let node = try #require(try await fixture.node("f") as? WorkFile)
    let first = Task { try await node.getattr(nil).get() }
    let second = Task { try await node.getattr(nil).get() }
    while fixture.server.pieces < 100 { await Task.yield() }
    first.cancel()
    await #expect(throws: Errno.interrupted) { _ = try await first.value }
    let pieces = fixture.server.pieces
    while fixture.server.pieces < pieces + 100 { await Task.yield() }
    second.cancel()
    await #expect(throws: Errno.interrupted) { _ = try await second.value }
    while node.known({ $0.source.remote?.sizing != nil }) { await Task.yield() }
    await fixture.settle()
    let end = fixture.server.pieces
    await fixture.settle()
    #expect(fixture.server.pieces == end)
    #expect(fixture.context.spills.inUse == 0)
    fixture.server.change { $0.isEndless = false }
    #expect(try await fixture.stat("f").size == 5 << 20)
  }

  // MARK: - Names that go

  @Test func anOpenFileOfAnySizeOutlivesItsName() async throws {
    let fixture = WorkFixture(.ours, cacheSize: 8 << 20)
    let content = [UInt8](repeating: 3, count: 70 << 20)
    fixture.server.put("big", content)
    let reader = try await fixture.open("big").file
    let writer = try await fixture.open("big", [.read, .write]).file
    _ = try await reader.read(offset: 0, count: 4096, flags: .read).get()
    try await fixture.unlink("big")
    #expect(try await fixture.names() == [])
    #expect(fixture.context.spills.inUse == 1)
    #expect(isSame(try await fixture.readAll(reader), content))
    try await fixture.write(writer, "more", at: 70 << 20)
    let end = try await reader.read(offset: 70 << 20, count: 10, flags: .read).get()
    #expect(Array(end) == Array("more".utf8))
    try await fixture.close(writer)
    try await reader.release().get()
    #expect(fixture.context.spills.inUse == 0)
    #expect(fixture.server.paths == [])
    #expect(fixture.errors == "")
  }

  @Test func anOpenFileIsKnownWhileTheServerIsAway() async throws {
    let fixture = WorkFixture(.ours, isFinished: false)
    fixture.server.put("f", "text")
    let node = try await fixture.node("f")
    let file = try await fixture.open("f").file
    #expect(try await fixture.readAll(file).count == 4)
    fixture.server.fail(.tree, FakeWorkServer.error(.connectionRefused))
    fixture.time.advance(by: .seconds(10))
    let reply = try await node.getattr(file).get()
    #expect((reply.attributes.size, reply.timeout) == (4, .zero))
    try await file.release().get()
    fixture.time.advance(by: .seconds(10))
    await #expect(throws: Errno.connectionRefused) { _ = try await node.getattr(nil).get() }
  }
}
