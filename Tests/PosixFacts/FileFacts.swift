import SystemPackage
import VFS

enum FileFacts {
  static let opening: [PosixFact] = [
    PosixFact("what is missing cannot be opened") { world in
      try await world.fails(.noSuchFileOrDirectory) { () async throws(Errno) in try await world.open("x", .read) }
      try await world.fails(.noSuchFileOrDirectory) { () async throws(Errno) in try await world.make("x/f") }
    },
    PosixFact("O_CREAT makes an empty file") { world in
      try await world.make("f")
      let made = try await world.stat("f")
      try world.expect(made.kind == .regular && made.size == 0 && made.linkCount == 1, "\(made)")
      try world.expect(try await world.text("f") == "")
    },
    PosixFact("O_CREAT opens what is there") { world in
      try await world.make("f", "text")
      let file = try await world.open("f", [.read, .write], creating: 0o644)
      try world.expect(try await world.text(file) == "text")
      try await world.close(file)
    },
    PosixFact("O_EXCL refuses what is there") { world in
      try await world.make("f", "text")
      try await world.fails(.fileExists) { () async throws(Errno) in
        try await world.open("f", [.write, .exclusive], creating: 0o644)
      }
      try world.expect(try await world.text("f") == "text")
    },
    PosixFact("O_TRUNC empties the file, and others see it") { world in
      try await world.make("f", "text")
      let reader = try await world.open("f", .read)
      let writer = try await world.open("f", [.write, .truncate])
      try world.expect(try await world.fstat(reader).size == 0)
      try world.expect(try await world.text(reader) == "")
      try await world.close(writer)
      try await world.close(reader)
      try world.expect(try await world.stat("f").size == 0)
    },
    PosixFact("a directory is not opened for writing") { world in
      try await world.mkdir("d")
      try await world.fails(.isDirectory) { () async throws(Errno) in try await world.open("d", .write) }
      try await world.fails(.isDirectory) { () async throws(Errno) in try await world.make("d") }
    },
    PosixFact("no path leads through a file") { world in
      try await world.make("f")
      try await world.fails(.notDirectory) { () async throws(Errno) in try await world.stat("f/x") }
      try await world.fails(.notDirectory) { () async throws(Errno) in try await world.make("f/x") }
      try await world.fails(.notDirectory) { () async throws(Errno) in try await world.mkdir("f/x") }
      try await world.fails(.notDirectory) { () async throws(Errno) in try await world.list("f") }
    },
    PosixFact("a descriptor does what it was opened for") { world in
      try await world.make("f", "text")
      let (reader, writer) = (try await world.open("f", .read), try await world.open("f", .write))
      try await world.fails(.badFileDescriptor) { () async throws(Errno) in try await world.write(reader, "x", at: 0) }
      try await world.fails(.badFileDescriptor) { () async throws(Errno) in
        try await world.read(writer, at: 0, count: 1)
      }
      try await world.fails(.invalidArgument) { () async throws(Errno) in try await world.ftruncate(reader, to: 0) }
      try await world.close(reader)
      try await world.close(writer)
      try world.expect(try await world.text("f") == "text")
    },
  ]

  static let contents: [PosixFact] = [
    PosixFact("what was written is read, before the close and after it") { world in
      let file = try await world.open("f", [.read, .write], creating: 0o644)
      try await world.write(file, "text", at: 0)
      try world.expect(try await world.text(file) == "text")
      try world.expect(try await world.text("f") == "text")
      try await world.close(file)
      try world.expect(try await world.text("f") == "text")
    },
    PosixFact("a write in the middle leaves the rest") { world in
      try await world.make("f", "0123456789")
      let file = try await world.open("f", .write)
      try await world.write(file, "AB", at: 4)
      try await world.close(file)
      try world.expect(try await world.text("f") == "0123AB6789")
    },
    PosixFact("a write behind the end leaves zeros") { world in
      try await world.make("f", "x")
      let file = try await world.open("f", [.read, .write])
      try await world.write(file, "y", at: 10_000)
      let bytes = try await world.read(file, at: 0, count: 20_000)
      let zeros = [UInt8](repeating: 0, count: 9_999)
      try world.expect(bytes == Array("x".utf8) + zeros + Array("y".utf8), "\(bytes.count) bytes")
      try await world.close(file)
      try world.expect(try await world.stat("f").size == 10_001)
    },
    PosixFact("a read ends where the file does") { world in
      try await world.make("f", "0123456789")
      let file = try await world.open("f", .read)
      try world.expect(try await world.text(file, at: 8, count: 5) == "89")
      try world.expect(try await world.text(file, at: 10, count: 5) == "")
      try world.expect(try await world.text(file, at: 1000, count: 5) == "")
      try world.expect(try await world.text(file, at: 2, count: 0) == "")
      try await world.close(file)
    },
    PosixFact("O_APPEND writes at the end, whoever wrote before") { world in
      try await world.make("f", "0")
      let first = try await world.open("f", [.write, .append])
      let second = try await world.open("f", [.write, .append])
      try await world.write(first, "1")
      try await world.write(second, "2")
      try await world.write(first, "3")
      try await world.close(first)
      try await world.write(second, "4")
      try await world.close(second)
      try world.expect(try await world.text("f") == "01234")
    },
    PosixFact("what one descriptor writes another reads at once") { world in
      let writer = try await world.open("f", .write, creating: 0o644)
      let reader = try await world.open("f", .read)
      for number in 0..<50 {
        try await world.write(writer, "\(number % 10)", at: Int64(number))
        try world.expect(try await world.text(reader, at: Int64(number)) == "\(number % 10)")
        try world.expect(try await world.fstat(reader).size == number + 1)
      }
      try await world.close(writer)
      try await world.close(reader)
    },
    PosixFact("two writers of one file lose nothing of each other") { world in
      try await world.make("f", "..........")
      let (first, second) = (try await world.open("f", .write), try await world.open("f", .write))
      try await world.write(first, "AAA", at: 0)
      try await world.write(second, "BBB", at: 5)
      try await world.close(first)
      try await world.write(second, "C", at: 9)
      try await world.close(second)
      try world.expect(try await world.text("f") == "AAA..BBB.C")
    },
    PosixFact("fsync succeeds, with and without something to store") { world in
      let file = try await world.open("f", .write, creating: 0o644)
      try await world.fsync(file)
      try await world.write(file, "x", at: 0)
      try await world.fsync(file)
      try await world.fsync(file)
      try await world.close(file)
      try world.expect(try await world.text("f") == "x")
    },
    PosixFact("a large content is what was written") { world in
      var content = [UInt8](repeating: 0, count: 3 << 20)
      for index in content.indices { content[index] = UInt8(truncatingIfNeeded: index &* 31 ^ index >> 9) }
      let file = try await world.open("f", [.read, .write], creating: 0o644)
      for start in stride(from: 0, to: content.count, by: 100_000) {
        try await world.write(file, Array(content[start..<min(start + 100_000, content.count)]), at: Int64(start))
      }
      try await world.close(file)
      let again = try await world.open("f", .read)
      try world.expect(try await world.read(again, at: 0, count: 4 << 20) == content)
      try world.expect(try await world.read(again, at: 2_000_001, count: 5) == Array(content[2_000_001..<2_000_006]))
      try await world.close(again)
    },
  ]

  static let sizes: [PosixFact] = [
    PosixFact("truncate cuts and lengthens with zeros") { world in
      try await world.make("f", "0123456789")
      try await world.truncate("f", to: 4)
      try world.expect(try await world.text("f") == "0123")
      try await world.truncate("f", to: 6)
      try world.expect(try await world.text("f") == "0123\0\0")
      try await world.truncate("f", to: 0)
      try world.expect(try await world.stat("f").size == 0)
    },
    PosixFact("truncate is seen by who has the file open") { world in
      try await world.make("f", "0123456789")
      let file = try await world.open("f", [.read, .write])
      try await world.truncate("f", to: 3)
      try world.expect(try await world.fstat(file).size == 3)
      try await world.write(file, "x", at: 5)
      try world.expect(try await world.text(file) == "012\0\0x")
      try await world.close(file)
      try world.expect(try await world.text("f") == "012\0\0x")
    },
    PosixFact("ftruncate cuts and lengthens") { world in
      let file = try await world.open("f", [.read, .write], creating: 0o644)
      try await world.write(file, "0123456789", at: 0)
      try await world.ftruncate(file, to: 2)
      try await world.ftruncate(file, to: 4)
      try world.expect(try await world.text(file) == "01\0\0")
      try await world.close(file)
      try world.expect(try await world.text("f") == "01\0\0")
    },
    PosixFact("truncate to the same size keeps the content") { world in
      try await world.make("f", "text")
      try await world.truncate("f", to: 4)
      try world.expect(try await world.text("f") == "text")
    },
    PosixFact("truncate of what is no file fails") { world in
      try await world.mkdir("d")
      try await world.fails(.isDirectory) { () async throws(Errno) in try await world.truncate("d", to: 0) }
      try await world.fails(.noSuchFileOrDirectory) { () async throws(Errno) in try await world.truncate("x", to: 0) }
      try await world.make("f", "text")
      try await world.fails(.invalidArgument) { () async throws(Errno) in try await world.truncate("f", to: -1) }
      try world.expect(try await world.text("f") == "text")
    },
    PosixFact("a size is true after each write") { world in
      let file = try await world.open("f", .write, creating: 0o644)
      for (offset, size) in [(0, 3), (1, 4), (0, 4), (100, 103)] as [(Int64, Int64)] {
        try await world.write(file, "abc", at: offset)
        try world.expect(try await world.fstat(file).size == size)
        try world.expect(try await world.stat("f").size == size)
      }
      try await world.close(file)
      try world.expect(try await world.stat("f").size == 103)
    },
  ]

  static let attributes: [PosixFact] = [
    PosixFact("chmod is seen, also by who has the file open") { world in
      try await world.make("f", "x")
      let file = try await world.open("f", .read)
      for mode in [0o600, 0o755, 0o444, 0o644] as [UInt16] {
        try await world.chmod("f", mode)
        try world.expect(try await world.stat("f").permissions == mode)
        try world.expect(try await world.fstat(file).permissions == mode)
      }
      try await world.close(file)
    },
    PosixFact("times of a directory are kept") { world in
      try await world.mkdir("d")
      let (accessed, modified) = (Timestamp(seconds: 1000), Timestamp(seconds: 2000, nanoseconds: 3))
      try await world.setTimes("d", accessed: accessed, modified: modified)
      let status = try await world.stat("d")
      try world.expect((status.accessed, status.modified) == (accessed, modified), "\(status)")
    },
    PosixFact("chmod of a directory is seen") { world in
      try await world.mkdir("d")
      try await world.chmod("d", 0o700)
      try world.expect(try await world.stat("d").permissions == 0o700)
    },
    PosixFact("a mode outlives what is written") { world in
      try await world.make("f", "x")
      try await world.chmod("f", 0o755)
      try await world.make("f", "longer")
      try world.expect(try await world.stat("f").permissions == 0o755)
      try world.expect(try await world.text("f") == "longer")
    },
    PosixFact("times are kept to the nanosecond") { world in
      try await world.make("f")
      let (accessed, modified) = (
        Timestamp(seconds: 1, nanoseconds: 1), Timestamp(seconds: 2_000_000_000, nanoseconds: 3)
      )
      try await world.setTimes("f", accessed: accessed, modified: modified)
      let status = try await world.stat("f")
      try world.expect((status.accessed, status.modified) == (accessed, modified), "\(status)")
    },
    PosixFact("each time is set alone") { world in
      try await world.make("f", "x")
      try await world.setTimes("f", accessed: Timestamp(seconds: 1000), modified: Timestamp(seconds: 2000))
      try await world.setTimes("f", accessed: Timestamp(seconds: 3000), modified: nil)
      try world.expect(try await world.stat("f").modified == Timestamp(seconds: 2000))
      try await world.setModified("f", 4000)
      let status = try await world.stat("f")
      try world.expect(
        (status.accessed, status.modified) == (Timestamp(seconds: 3000), Timestamp(seconds: 4000)), "\(status)")
    },
    PosixFact("a write moves the time of modification") { world in
      try await world.make("f", "x")
      try await world.setModified("f", 1000)
      let file = try await world.open("f", .write)
      try world.expect(try await world.fstat(file).modified == Timestamp(seconds: 1000))
      try await world.write(file, "y", at: 0)
      try world.expect(try await world.fstat(file).modified > Timestamp(seconds: 1000))
      try await world.close(file)
      try world.expect(try await world.stat("f").modified > Timestamp(seconds: 1000))
    },
    PosixFact("a time that is set while a file is written stays after the close") { world in
      let file = try await world.open("f", .write, creating: 0o644)
      try await world.write(file, "text", at: 0)
      try await world.setModified("f", 1000)
      try await world.close(file)
      try world.expect(try await world.stat("f").modified == Timestamp(seconds: 1000))
      try world.expect(try await world.text("f") == "text")
    },
    PosixFact("reading and chmod leave the time of modification") { world in
      try await world.make("f", "x")
      try await world.setModified("f", 1000)
      _ = try await world.text("f")
      try await world.chmod("f", 0o600)
      try world.expect(try await world.stat("f").modified == Timestamp(seconds: 1000))
    },
    PosixFact("truncate moves the time of modification") { world in
      try await world.make("f", "text")
      try await world.setModified("f", 1000)
      try await world.truncate("f", to: 1)
      try world.expect(try await world.stat("f").modified > Timestamp(seconds: 1000))
    },
    PosixFact("what is missing has no attributes") { world in
      try await world.fails(.noSuchFileOrDirectory) { () async throws(Errno) in try await world.stat("x") }
      try await world.fails(.noSuchFileOrDirectory) { () async throws(Errno) in try await world.chmod("x", 0o600) }
      try await world.fails(.noSuchFileOrDirectory) { () async throws(Errno) in try await world.setModified("x", 1) }
    },
  ]
}
