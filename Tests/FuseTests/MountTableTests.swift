import Glibc
import Testing
import VFS

@testable import Fuse

@Suite struct MountTableTests {
  @Test func linesAreReadAndEscapesDecoded() throws {
    let table = MountTable(
      mountInfo: """
        24 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
        43 24 0:40 / /home/a\\040b\\134c rw,nosuid shared:2 master:1 - fuse.beray-fs http://x\\040y rw,user_id=0
        not a mount
        44 24 0:41 / /home/sshfs rw - fuse.sshfs host: rw
        """)
    #expect(table.mounts.count == 3)
    let mount = try #require(table.ofBerayFS.first)
    #expect(table.ofBerayFS.count == 1)
    #expect(mount.mountpoint == "/home/a b\\c")
    #expect(mount.source == "http://x y")
    #expect(mount.deviceMinor == 40)
    #expect(mount.options == ["rw", "nosuid", "rw", "user_id=0"])
    #expect(table.mount(at: "/home/./x/../a b\\c/") == mount)
    #expect(table.mount(at: "/home/a b\\c/d") == nil)
  }

  @Test func theUppermostOfTwoMountsIsFound() {
    let table = MountTable(
      mountInfo: "1 0 0:1 / /m rw - tmpfs one rw\n2 1 0:2 / /m rw - tmpfs two rw")
    #expect(table.mount(at: "/m")?.source == "two")
  }

  @Test func aMountIsFoundThroughASymbolicLink() throws {
    let directory = try TestMount.temporaryDirectory()
    defer {
      unlink(directory + "/link")
      rmdir(directory)
    }
    #expect(symlink("/proc", directory + "/link") == 0)
    #expect(MountTable.current().mount(at: directory + "/link")?.mountpoint == "/proc")
  }

  @Test func whatIsAboveALinkIsAboveItsTarget() throws {
    let directory = try TestMount.temporaryDirectory()
    defer {
      unlink(directory + "/link")
      rmdir(directory)
    }
    #expect(symlink("/usr/bin", directory + "/link") == 0)
    #expect(MountTable.current().canonical(directory + "/link/../m") == "/usr/m")
    #expect(MountTable.current().canonical(directory + "/link/..") == "/usr")
    #expect(MountTable.current().canonical("/missing/../m") == "/m")
  }
}
