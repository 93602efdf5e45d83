import CLinux
import Glibc
import LinuxSystem
import SystemPackage
import Testing

/// What an open directory does with its entries.
@Suite struct EntriesTests {
  private func name(_ text: String) -> [CChar] { Array(text.utf8CString) }

  private func withDirectory(_ body: (FilePath, borrowing Descriptor) throws -> Void) throws {
    try DirectoryTests.withDirectory { top in
      try body(top, try Descriptor.open(path: top.string, flags: LINUX_O_PATH | O_DIRECTORY))
    }
  }

  @Test func anEntryIsOpenedForThisProcessAlone() throws {
    try withDirectory { _, directory in
      let file = try directory.openEntry(name("f"), flags: O_RDWR | O_CREAT | O_EXCL, mode: 0o640)
      #expect(fcntl(file.rawValue, F_GETFD) & FD_CLOEXEC != 0)
      try file.writeAll(Array("bytes".utf8))
      let status = try directory.status(ofEntry: name("f"))
      #expect(status.mode & S_IFMT == S_IFREG && status.mode & 0o777 == 0o640)
      #expect(throws: Errno.fileExists) {
        try directory.openEntry(name("f"), flags: O_WRONLY | O_CREAT | O_EXCL, mode: 0o600)
      }
      #expect(throws: Errno.noSuchFileOrDirectory) { try directory.openEntry(name("none"), flags: O_RDONLY) }
      #expect(throws: Errno.noSuchFileOrDirectory) { try directory.status(ofEntry: name("none")) }
    }
  }

  @Test func aLinkIsReadAndNotFollowed() throws {
    try withDirectory { top, directory in
      #expect(symlink("../away", top.appending("link").string) == 0)
      #expect(try directory.linkTarget(ofEntry: name("link")) == Array("../away".utf8))
      #expect(try directory.status(ofEntry: name("link")).mode & S_IFMT == S_IFLNK)
      #expect(throws: Errno.tooManySymbolicLinkLevels) {
        try directory.openEntry(name("link"), flags: O_RDONLY | O_NOFOLLOW)
      }
      try directory.makeDirectory(name("d"), mode: 0o700)
      #expect(throws: Errno.invalidArgument) { try directory.linkTarget(ofEntry: name("d")) }
    }
  }

  @Test func noPathLeadsOutside() throws {
    try withDirectory { top, directory in
      try directory.makeDirectory(name("d"), mode: 0o700)
      #expect(symlink("d", top.appending("inside").string) == 0)
      #expect(symlink("/etc", top.appending("outside").string) == 0)
      let inside = try directory.openBeneath(name("inside/."), flags: O_RDONLY | O_DIRECTORY)
      #expect(fcntl(inside.rawValue, F_GETFD) & FD_CLOEXEC != 0)
      for path in ["outside", "outside/passwd", "..", "d/../.."] {
        #expect(throws: Errno.improperLink, "\(path)") { try directory.openBeneath(name(path), flags: LINUX_O_PATH) }
      }
      #expect(throws: Errno.noSuchFileOrDirectory) { try directory.openBeneath(name("none"), flags: O_RDONLY) }
    }
  }

  @Test func filesAndDirectoriesAreRemovedEachInItsWay() throws {
    try withDirectory { top, directory in
      try directory.makeDirectory(name("d"), mode: 0o700)
      _ = try directory.openEntry(name("f"), flags: O_WRONLY | O_CREAT, mode: 0o600)
      #expect(throws: Errno.fileExists) { try directory.makeDirectory(name("f"), mode: 0o700) }
      #expect(throws: Errno.isDirectory) { try directory.removeFile(name("d")) }
      #expect(throws: Errno.notDirectory) { try directory.removeDirectory(name("f")) }
      try directory.removeFile(name("f"))
      try directory.removeDirectory(name("d"))
      #expect(try Directory.names(in: top).isEmpty)
      #expect(throws: Errno.noSuchFileOrDirectory) { try directory.removeFile(name("f")) }
    }
  }

  @Test func aRenameReplacesOnlyWhatItMay() throws {
    try withDirectory { top, directory in
      try directory.makeDirectory(name("d"), mode: 0o700)
      let inner = try directory.openEntry(name("d"), flags: LINUX_O_PATH | O_DIRECTORY)
      for text in ["a", "b"] {
        try directory.openEntry(name(text), flags: O_WRONLY | O_CREAT, mode: 0o600).writeAll(Array(text.utf8))
      }
      #expect(throws: Errno.fileExists) {
        try directory.rename(name("a"), to: name("b"), in: directory, replacing: false)
      }
      try directory.rename(name("a"), to: name("b"), in: directory, replacing: true)
      #expect(try directory.openEntry(name("b"), flags: O_RDONLY).readAll() == Array("a".utf8))
      try directory.rename(name("b"), to: name("c"), in: inner, replacing: false)
      #expect(try Directory.names(in: top) == ["d"])
      try inner.moveHere(top.appending("d/c").string, as: name("e"), replacing: false)
      #expect(try Directory.names(in: top.appending("d")) == ["e"])
    }
  }
}
