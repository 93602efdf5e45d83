import Glibc
import LinuxSystem
import SystemPackage
import Testing

@Suite struct FileLockTests {
  @Test func oneHolderHasALockUntilItReleasesIt() throws {
    try DirectoryTests.withDirectory { top in
      let path = top.appending("lock")
      let first = try FileLock(on: path)
      let second = try FileLock(on: path)
      #expect(try first.tryTake())
      #expect(try !second.tryTake())
      first.release()
      first.release()
      #expect(throws: Errno.badFileDescriptor) { try first.take() }
      try second.take()
      let third = try Descriptor.open(path: path.string, flags: O_RDWR)
      let taken = try third.tryLock()
      #expect(!taken)
      second.release()
      let free = try third.tryLock()
      #expect(free)
    }
  }

  @Test func aDirectoryCanBeLocked() throws {
    try DirectoryTests.withDirectory { top in
      let lock = try FileLock(on: top)
      #expect(try lock.tryTake())
    }
  }
}
