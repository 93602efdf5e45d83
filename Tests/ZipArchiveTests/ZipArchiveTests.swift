import Testing
import ZipArchive

@Suite struct ZipArchiveTests {
  static func entry(_ name: String, _ size: Int, mode: UInt16 = 0o644) -> ZipEntry {
    ZipEntry(name: name, kind: .file, size: Int64(size), mode: mode, modified: 1_700_000_001)
  }

  static func archive(_ files: [(String, [UInt8])], _ compression: ZipWriter.Compression = .store) throws -> [UInt8] {
    let writer = try ZipWriter(compression: compression)
    var bytes: [UInt8] = []
    for (name, content) in files {
      try writer.begin(entry(name, content.count))
      try writer.write(content)
      bytes += writer.takeOutput()
    }
    try writer.finish()
    return bytes + writer.takeOutput()
  }

  @Test(arguments: [ZipWriter.Compression.store, .deflate])
  func roundTripKeepsBytesNamesModesAndTimes(compression: ZipWriter.Compression) throws {
    let writer = try ZipWriter(compression: compression)
    let big = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
    try writer.begin(ZipEntry(name: "d/", kind: .directory, size: 0, mode: 0o755, modified: 5))
    try writer.begin(Self.entry("d/big.bin", big.count, mode: 0o751))
    try writer.write(big)
    try writer.begin(Self.entry("empty", 0))
    try writer.finish()
    let contents = try ZipReader(writer.takeOutput(), limit: 1 << 20).contents()
    #expect(contents.map(\.entry.name) == ["d/", "d/big.bin", "empty"])
    #expect(contents.map(\.entry.kind) == [.directory, .file, .file])
    #expect(contents[1].bytes == big)
    #expect(contents[1].entry.mode == 0o751)
    #expect(contents[1].entry.modified == 1_700_000_001)
    #expect(contents[2].bytes.isEmpty)
  }

  @Test func namesComeThroughByteForByte() throws {
    // Composed and decomposed forms of one letter are two names.
    let names = ["e\u{301}.txt", "\u{e9}.txt", "中文.md", "../../etc/passwd", "/abs", "a\\b"]
    let bytes = try Self.archive(names.map { ($0, [1]) })
    let read = try ZipReader(bytes, limit: 100).contents().map(\.entry.nameBytes)
    #expect(read == names.map { Array($0.utf8) })
  }

  @Test func aNameThatIsNoUTF8HasNoString() throws {
    let writer = try ZipWriter()
    try writer.begin(ZipEntry(nameBytes: [0x61, 0xff], kind: .file, size: 0, mode: 0o600, modified: 0))
    try writer.finish()
    let contents = try ZipReader(writer.takeOutput(), limit: 0).contents()
    #expect(contents.map(\.entry.nameBytes) == [[0x61, 0xff]])
    #expect(contents[0].entry.name == nil)
  }

  @Test func outputComesAsItIsWritten() throws {
    let writer = try ZipWriter()
    try writer.begin(Self.entry("a", 100_000))
    try writer.write([UInt8](repeating: 7, count: 100_000))
    #expect(writer.pendingBytes >= 100_000)
    _ = writer.takeOutput()
    #expect(writer.pendingBytes == 0)
  }

  @Test func aBombStopsAtTheLimit() throws {
    let bomb = try Self.archive([("zeros", [UInt8](repeating: 0, count: 8 << 20))], .deflate)
    #expect(bomb.count < 100_000)
    #expect(throws: ZipError.tooLarge(limit: 1 << 20)) { try ZipReader(bomb, limit: 1 << 20).contents() }
    let two = try Self.archive([("a", [UInt8](repeating: 1, count: 600)), ("b", [UInt8](repeating: 1, count: 600))])
    #expect(throws: ZipError.tooLarge(limit: 1000)) { try ZipReader(two, limit: 1000).contents() }
    #expect(try ZipReader(two, limit: 1200).contents().count == 2)
  }

  @Test func brokenArchivesAreErrorsAndNeverCrash() throws {
    #expect(throws: ZipError.self) { try ZipReader([], limit: 10).contents() }
    #expect(throws: ZipError.self) { try ZipReader(Array("not a zip".utf8), limit: 10).contents() }
    let good = try Self.archive([("a", Array("hello".utf8)), ("b", Array("world".utf8))], .deflate)
    #expect(throws: ZipError.self) { try ZipReader(Array(good.prefix(good.count - 30)), limit: 100).contents() }
    let seed = UInt64.random(in: .min ... .max)
    var state = seed
    for _ in 0..<2_000 {
      var bytes = good
      for _ in 0..<3 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        bytes[Int(state >> 33) % bytes.count] = UInt8(truncatingIfNeeded: state >> 20)
      }
      let total = (try? ZipReader(bytes, limit: 1000).contents())?.reduce(0) { $0 + $1.bytes.count } ?? 0
      #expect(total <= 1000, "seed \(seed)")
    }
  }

  @Test(arguments: [Int64.min, -1, 67_768_036_191_676_800, Int64.max])
  func anyTimeOfAFileIsWritten(_ seconds: Int64) throws {
    let writer = try ZipWriter()
    try writer.begin(ZipEntry(name: "f", kind: .file, size: 0, mode: 0o644, modified: seconds))
    try writer.finish()
    #expect(try ZipReader(writer.takeOutput(), limit: 1).contents().map(\.entry.name) == ["f"])
  }
}
