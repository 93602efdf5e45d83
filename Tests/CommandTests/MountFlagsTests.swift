import Testing

@testable import beray_fs

@Suite struct MountFlagsTests {
  @Test func readsWhatSshfsUsersKnow() throws {
    let flags = try MountFlags(parsing: ["ro,fsname=x", "auto_unmount,offline_ok,noexec"])
    #expect(flags.isReadOnly && flags.unmountsWithProcess && flags.allowsOffline)
    #expect(flags.fileSystemName == "x")
    #expect(flags.further == ["noexec"])
  }

  @Test func whatMountGivesAlongIsNoError() throws {
    #expect(try MountFlags(parsing: ["rw,nosuid,nodev,default_permissions,_netdev,x-systemd.automount,"]) == MountFlags())
  }

  @Test func anUnknownOneListsTheKnown() {
    let error = #expect(throws: CommandError.self) { try MountFlags(parsing: ["ro,wat"]) }
    #expect(error?.status == 2)
    #expect(error?.advice?.contains("offline_ok") == true)
  }
}
