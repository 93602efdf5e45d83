import Glibc
import LinuxSystem
import SystemPackage
import Testing

@Suite struct WholeFileTests {
  @Test func aFileIsReplacedAsAWhole() throws {
    try DirectoryTests.withDirectory { top in
      let path = top.appending("secret")
      try WholeFile.replace(path, with: Array("first".utf8))
      chmod(path.string, 0o644)
      let before = try Descriptor.open(path: path.string, flags: O_RDONLY)
      try WholeFile.replace(path, with: Array("second".utf8))
      #expect(FileStatus(of: path)?.permissions == 0o600)
      let old = try before.readAll()
      #expect(old == Array("first".utf8))
      #expect(ProcessFile.bytes(path.string) == Array("second".utf8))
      #expect(ProcessFile.names(in: top.string) == ["secret"])
    }
  }

  @Test func aFailureLeavesNothingBehind() throws {
    try DirectoryTests.withDirectory { top in
      let path = top.appending("taken")
      try Directory.make(path.appending("inner"))
      #expect(throws: Errno.self) { try WholeFile.replace(path, with: Array("new".utf8)) }
      #expect(ProcessFile.names(in: top.string) == ["taken"])
      #expect(throws: Errno.noSuchFileOrDirectory) {
        try WholeFile.replace(top.appending("none").appending("file"), with: [])
      }
    }
  }

  @Test func bytesAreWrittenAndReadAtAPlace() throws {
    try DirectoryTests.withDirectory { top in
      let file = try TemporaryFile(top.appending("some"))
      #expect(FileStatus(of: file.path)?.permissions == 0o600)
      let descriptor = file.unlinked()
      #expect(ProcessFile.names(in: top.string).isEmpty)
      try descriptor.writeAll(Array("abc".utf8), at: 2)
      let whole = try descriptor.read(at: 0, count: 9)
      #expect(whole == [0, 0] + Array("abc".utf8))
      let end = try descriptor.read(at: 5, count: 9)
      #expect(end.isEmpty)
      // The position of the file is still its start.
      let all = try descriptor.readAll(limit: 3)
      #expect(all == [0, 0, UInt8(ascii: "a")])
      try descriptor.close()
    }
  }

  @Test func aDescriptorIsClosedWithItsHolder() throws {
    let pipe = try Pipe()
    let copy = Descriptor(owning: try checked(dup(pipe.writeEnd.rawValue)))
    pipe.writeEnd.close()
    let kept = copy.take()
    let early = try pipe.readEnd.isReadable(before: .now)
    #expect(!early)
    do { _ = Descriptor(owning: kept) }
    let late = try pipe.readEnd.isReadable(before: .now + .seconds(30))
    #expect(late)
  }
}
