import Glibc
import LinuxSystem
import SystemPackage
import Testing

@Suite struct DirectoryTests {
  /// Runs `body` with an empty directory, and removes it.
  static func withDirectory(_ body: (FilePath) throws -> Void) throws {
    var template = Array("/tmp/linux-system-XXXXXX".utf8CString)
    let path = try #require(mkdtemp(&template).map { FilePath(String(cString: $0)) })
    defer {
      _ = try? ProgramRun(
        Spawn(executable: "rm", arguments: ["rm", "-rf", path.string]), timeout: .seconds(30))
    }
    try body(path)
  }

  @Test func missingDirectoriesAreMade() throws {
    try Self.withDirectory { top in
      let inner = top.appending("a").appending("b")
      try Directory.make(inner)
      try Directory.make(inner)
      #expect(FileStatus(of: inner)?.isDirectory == true)
      #expect(FileStatus(of: top.appending("a"))?.permissions == 0o700)
    }
  }

  @Test func theNamesInADirectory() throws {
    try Self.withDirectory { top in
      let directory = try Descriptor.open(path: top.string, flags: O_RDONLY | O_DIRECTORY)
      let isEmpty = try directory.isEmptyDirectory()
      #expect(isEmpty)
      for name in ["a", ".b"] { try Directory.make(top.appending(name)) }
      #expect(Set(try Directory.names(in: top)) == ["a", ".b"])
      #expect(throws: Errno.noSuchFileOrDirectory) { try Directory.names(in: top.appending("c")) }
    }
  }

  @Test func theErrorNamesTheDirectoryThatCouldNotBeMade() throws {
    struct Failure: Error, Equatable {
      let path: FilePath
      let code: Errno
    }
    #expect(throws: Failure(path: "/proc/none", code: .noSuchFileOrDirectory)) {
      try Directory.make("/proc/none/inner") { Failure(path: $0, code: $1) }
    }
    #expect(throws: Errno.notDirectory) { try Directory.make("/dev/null/inner") }
  }
}
