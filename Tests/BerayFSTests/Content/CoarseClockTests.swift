import Beray
import BerayAPI
import SystemPackage
import Testing
import VFS

@testable import BerayFS

/// A server whose `Date` is older than the times of the files that it makes, by less than two seconds or by more.
@Suite(.timeLimit(.minutes(5))) struct CoarseClockTests {
  private func fixture(lag: Int64) -> WorkFixture {
    var manner = FakeWorkServer.Manner.bare
    manner.dateLag = lag
    return WorkFixture(manner)
  }

  private func relist(_ fixture: WorkFixture) async throws {
    fixture.tree.markStale()
    _ = try await fixture.names()
  }

  @Test(arguments: [0, 1, 2])
  func aTimeThatAProgramSetStays(_ lag: Int64) async throws {
    let fixture = fixture(lag: lag)
    for _ in 0..<2 {
      try await fixture.save("f", "new")
      let node = try await fixture.node("f")
      _ = try await node.setattr(
        .init(modified: .at(Timestamp(seconds: 77))), file: nil, caller: WorkFixture.caller
      ).get()
      try await relist(fixture)
      // As rsync looks at it: the same length and time is the same file.
      #expect(try await fixture.stat("f").modified == Timestamp(seconds: 77))
      #expect(try await fixture.stat("f").size == 3)
    }
    #expect(fixture.errors == "")
  }

  @Test(arguments: [0, 1, 2, 60])
  func aWriterThatSyncsIsNotToldOfItself(_ lag: Int64) async throws {
    let fixture = fixture(lag: lag)
    fixture.server.put("f", "0000")
    let file = try await fixture.open("f", [.read, .write]).file
    for digit in 1...4 {
      try await fixture.write(file, "\(digit)", at: Int64(digit) - 1)
      try await file.fsync().get()
      try await relist(fixture)
    }
    try await fixture.close(file)
    #expect(fixture.server.text("f") == "1234")
    #expect(fixture.errors == "")
  }

  @Test(arguments: [0, 1, 2, 60])
  func aSaveRightBehindAnotherThatFailsIsTriedAgain(_ lag: Int64) async throws {
    let fixture = fixture(lag: lag)
    try await fixture.save("f", "first")
    fixture.server.fail(.upload, FakeWorkServer.error(.api, 503))
    await #expect(throws: Errno.ioError) { try await fixture.save("f", "other") }
    fixture.server.fail(.upload, nil)
    await fixture.time.sleepers(1)
    fixture.time.advance(by: .seconds(1))
    await fixture.server.requests(.upload, 3)
    _ = await fixture.shared.uploadAll(deadline: .seconds(10)) { _ in }
    #expect(fixture.server.text("f") == "other")
    #expect(fixture.shared.unsent.isEmpty)
    #expect(!fixture.errors.contains("was changed on the server"))
  }

  @Test func bytesOfTheSameLengthThatCameRightBehindAreSeen() async throws {
    let fixture = fixture(lag: 1)
    try await fixture.save("f", "mine")
    fixture.server.put("f", "your")
    try await relist(fixture)
    #expect(try await fixture.text("f") == "your")
  }

  @Test func aDigestIsTheSameHoweverTheBytesCome() async throws {
    let bytes = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 / 3) }
    for piece in [1, 7, 4096, 99_999] {
      let stream = ByteStream {
        var rest = bytes[...]
        return { () async throws(BerayError) in
          guard !rest.isEmpty else { return nil }
          defer { rest = rest.dropFirst(piece) }
          return Array(rest.prefix(piece))
        }
      }
      #expect(try await ContentDigest(of: stream, upTo: 100_000) == ContentDigest(bytes))
    }
    #expect(try await ContentDigest(of: ByteStream(bytes), upTo: 99_999) == nil)
    #expect(ContentDigest([0]) != ContentDigest([0, 0]))
  }
}
