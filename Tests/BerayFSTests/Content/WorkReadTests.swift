import Beray
import BerayAPI
import Synchronization
import SystemPackage
import Testing
import VFS

@testable import BerayFS

@Suite struct WorkReadTests {
  /// Bytes whose period is no multiple of a block.
  private func pattern(_ count: Int) -> [UInt8] {
    let period = [UInt8]((0..<9973).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) })
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count + period.count)
    while bytes.count < count { bytes += period }
    bytes.removeLast(bytes.count - count)
    return bytes
  }

  @Test func grepThroughAThousandColdFilesIsAFewRequests() async throws {
    let fixture = WorkFixture()
    for number in 0..<1000 { fixture.server.put("d\(number / 40)/s\(number / 10 % 4)/f\(number)", "text \(number)") }
    for path in try await fixture.walk() where path.contains("f") {
      #expect(try await fixture.text(path) == "text \(path.split(separator: "f").last ?? "")")
    }
    #expect(fixture.server.total <= 1 + 1000 / 50 + 2)
    #expect(fixture.server.count(.content) == 1)
  }

  @Test func theBareServerGivesTheSameForTheSamePrice() async throws {
    let fixture = WorkFixture(.minimal)
    for number in 0..<300 { fixture.server.put("f\(1000 + number)", "text \(number)") }
    for path in try await fixture.walk() {
      let size = try await fixture.stat(path).size
      #expect(try await fixture.read(path).count == size)
    }
    #expect(fixture.server.total <= 1 + 300 / 50 + 2)
  }

  @Test func namesThatLookTheSameKeepTheirContentsApart() async throws {
    let fixture = WorkFixture()
    let composed = "\u{e9}"
    let decomposed = "e\u{301}"
    for name in ["a", "b", composed, decomposed] {
      fixture.server.put(name, Array(name.utf8) + [0, 0, 0].prefix(3 - name.utf8.count))
    }
    for path in try await fixture.walk() {
      #expect(Array(try await fixture.read(path).prefix(path.utf8.count)) == Array(path.utf8))
    }
    #expect(fixture.server.count(.archive) == 1)
  }

  @Test func withoutArchivesEachFileIsOneRequest() async throws {
    var manner = FakeWorkServer.Manner.full
    manner.hasArchives = false
    let fixture = WorkFixture(manner)
    for number in 0..<20 { fixture.server.put("f\(10 + number)", "text") }
    for path in try await fixture.walk() { #expect(try await fixture.text(path) == "text") }
    #expect(fixture.server.count(.archive) == 1)
    #expect(fixture.server.count(.content) == 20)
  }

  @Test func aFileThatChangedSinceItWasListedIsAskedForAlone() async throws {
    let fixture = WorkFixture()
    for number in 0..<4 { fixture.server.put("f\(number)", "text") }
    _ = try await fixture.walk()
    fixture.server.put("f2", "longer text")
    _ = try await fixture.text("f0")
    #expect(try await fixture.text("f1") == "text")
    #expect(try await fixture.text("f2") == "longer text")
  }

  @Test func oneFetchServesAllWhoReadAtTheSameTime() async throws {
    let fixture = WorkFixture()
    fixture.server.put("a", "shared")
    let file = try await fixture.open("a").file
    _ = fixture.server.hold(.content)
    async let first = fixture.readAll(file)
    async let second = fixture.readAll(file)
    await fixture.server.requests(.content, 1)
    fixture.server.letGo(.content)
    #expect(try await (first, second) == (Array("shared".utf8), Array("shared".utf8)))
    #expect(fixture.server.count(.content) == 1)
  }

  @Test func theCacheStaysWithinItsLimit() async throws {
    let fixture = WorkFixture(cacheSize: 1 << 20)
    for number in 0..<8 { fixture.server.put("f\(number)", pattern(300_000 + number)) }
    for round in 0..<2 {
      for number in 0..<8 {
        #expect(try await fixture.read("f\(number)") == pattern(300_000 + number), "round \(round)")
        #expect(fixture.shared.status.cacheBytes <= 1 << 20)
      }
    }
  }

  @Test func whatWasUsedLastStays() {
    let cache = ContentCache(limit: 100)
    func key(_ number: UInt64) -> ContentCache.Key { .init(inode: InodeID(rawValue: number), generation: 0, block: 0) }
    for number in 1...4 as ClosedRange<UInt64> { cache.insert([UInt8](repeating: 0, count: 25), for: key(number)) }
    _ = cache[key(1)]
    cache.insert([UInt8](repeating: 0, count: 30), for: key(5))
    #expect([1, 2, 3, 4, 5].map { cache.contains(key($0)) } == [true, false, false, true, true])
    #expect(cache.usage.bytes == 80)
    cache.insert([UInt8](repeating: 0, count: 101), for: key(6))
    #expect(!cache.contains(key(6)))
    cache.removeAll(of: [InodeID(rawValue: 1), InodeID(rawValue: 9)])
    #expect(!cache.contains(key(1)) && cache.contains(key(5)) && cache.usage.bytes == 55)
  }

  @Test func largeFilesComeInRangesAhead() async throws {
    let fixture = WorkFixture()
    let bytes = pattern(40 << 20 + 12345)
    fixture.server.put("big", bytes)
    #expect(try await fixture.read("big") == bytes)
    #expect(fixture.server.count(.content) <= 10)
    let before = fixture.server.count(.content)
    let file = try await fixture.open("big").file
    let offset = 39 << 20 - 1000
    let part = try await file.read(offset: Int64(offset), count: 5000, flags: .read).get()
    #expect(Array(part) == Array(bytes[offset..<offset + 5000]))
    #expect(fixture.server.count(.content) == before)
  }

  @Test func aRandomReadFetchesOneBlock() async throws {
    var ahead = ReadAhead()
    #expect(ahead.read(17, isHere: false, of: 40) == [17..<18])
    #expect(ahead.read(3, isHere: false, of: 40) == [3..<4])
    #expect(ahead.read(4, isHere: false, of: 40) == [4..<5, 5..<7])
    #expect(ahead.read(5, isHere: true, of: 40) == [7..<11])
    #expect(ahead.read(6, isHere: true, of: 40) == [])
  }

  @Test(arguments: [true, false])
  func withoutRangesALargeFileIsOneRequest(_ sendsLength: Bool) async throws {
    var manner = FakeWorkServer.Manner.bare
    manner.sendsLength = sendsLength
    manner.tellsSizes = sendsLength
    let fixture = WorkFixture(manner, cacheSize: 1 << 20)
    let bytes = pattern(9 << 20 + 77)
    fixture.server.put("big", bytes)
    let file = try await fixture.open("big").file
    #expect(try await fixture.readAll(file) == bytes)
    let part = try await file.read(offset: 1 << 20, count: 100, flags: .read).get()
    #expect(Array(part) == Array(bytes[1 << 20..<1 << 20 + 100]))
    #expect(fixture.server.count(.content) == 1)
  }

  @Test func aServerThatIgnoresRangesIsReadAsAStream() async throws {
    var manner = FakeWorkServer.Manner.full
    manner.ignoresRanges = true
    let fixture = WorkFixture(manner, cacheSize: 1 << 20)
    let bytes = pattern(12 << 20)
    fixture.server.put("big", bytes)
    let file = try await fixture.open("big").file
    let part = try await file.read(offset: 9 << 20, count: 1000, flags: .read).get()
    #expect(Array(part) == Array(bytes[9 << 20..<9 << 20 + 1000]))
    #expect(try await fixture.readAll(file) == bytes)
  }

  @Test(arguments: [true, false])
  func anUnknownSizeIsAskedForOnce(_ sendsLength: Bool) async throws {
    var manner = FakeWorkServer.Manner.minimal
    manner.sendsLength = sendsLength
    let fixture = WorkFixture(manner)
    fixture.server.put("a", "12345")
    let item = try await fixture.listing()[0]
    let directory = try await fixture.directory("")
    let entry = try #require(directory.entry(of: item))
    #expect(entry.attributes == nil)
    #expect(fixture.server.count(.content) == 0)
    #expect(try await fixture.stat("a").size == 5)
    #expect(try await fixture.stat("a").size == 5)
    #expect(try await fixture.text("a") == "12345")
    #expect(fixture.server.count(.content) == 1)
    #expect(directory.entry(of: item)?.attributes?.attributes.size == 5)
  }

  @Test func anOpenAfterTheWindowAsksForTheContentAgain() async throws {
    let fixture = WorkFixture(.minimal)
    fixture.server.put("a", "12345")
    #expect(try await fixture.text("a") == "12345")
    fixture.time.advance(by: .seconds(31))
    let same = try await fixture.open("a")
    #expect(same.options.contains(.keepCache))
    #expect(fixture.server.count(.content) == 2)
    fixture.server.put("a", "6789")
    fixture.time.advance(by: .seconds(31))
    fixture.notices.clear()
    let opened = try await fixture.open("a")
    #expect(!opened.options.contains(.keepCache))
    #expect(fixture.notices.all.contains { $0.hasPrefix("pages") })
    #expect(try await fixture.stat("a").size == 4)
    #expect(try await fixture.readAll(opened.file) == Array("6789".utf8))
  }

  @Test func anInterruptedReadLeavesTheFetchToOthers() async throws {
    let fixture = WorkFixture()
    fixture.server.put("a", "text")
    let file = try await fixture.open("a").file
    _ = fixture.server.hold(.content)
    let interrupted = Task { try await fixture.readAll(file) }
    await fixture.server.requests(.content, 1)
    let other = Task { try await fixture.readAll(file) }
    await fixture.settle()
    interrupted.cancel()
    await #expect(throws: Errno.interrupted) { try await interrupted.value }
    fixture.server.letGo(.content)
    #expect(try await other.value == Array("text".utf8))
    #expect(fixture.server.count(.content) == 1)
  }
}
