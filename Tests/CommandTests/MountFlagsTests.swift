import ArgumentParser
import Testing

@testable import BerayCommand

@Suite struct MountFlagsTests {
  @Test func readsWhatSshfsUsersKnow() throws {
    let flags = try MountFlags(parsing: ["ro,fsname=x", "auto_unmount,offline_ok,noexec"])
    #expect(flags.isReadOnly && flags.unmountsWithProcess && flags.allowsOffline)
    #expect(flags.fileSystemName == "x")
    #expect(flags.further == ["noexec"])
  }

  @Test func whatMountGivesAlongIsNoError() throws {
    #expect(
      try MountFlags(parsing: ["rw,nosuid,nodev,default_permissions,_netdev,x-systemd.automount,"]) == MountFlags())
  }

  /// All that mount(8) lists for every file system, but for what asks for another operation.
  @Test(arguments: [
    "async", "atime", "noatime", "auto", "noauto", "defaults", "dev", "nodev", "diratime", "nodiratime", "dirsync",
    "exec", "noexec", "group", "nogroup", "iversion", "noiversion", "mand", "nomand", "_netdev", "nofail", "relatime",
    "norelatime", "strictatime", "nostrictatime", "lazytime", "nolazytime", "suid", "nosuid", "silent", "loud",
    "owner", "noowner", "ro", "rw", "sync", "user", "nouser", "users", "nousers", "x-systemd.requires=a.service",
    "X-mount.mkdir", "comment=a word", "user=me", "uhelper=udisks2", "helper=x", "context=system_u:object_r:tmp_t:s0",
    "noatime,nodiratime",
  ])
  func everyOptionOfMountIsTaken(option: String) throws { _ = try MountFlags(parsing: [option]) }

  @Test func ownerAndModesAreThoseOfSshfs() throws {
    let flags = try MountFlags(parsing: ["uid=1000,gid=100,umask=027,allow_root"])
    #expect(flags.owner == 1000 && flags.ownersGroup == 100 && flags.umask == 0o027 && flags.allowsRoot)
    #expect(try MountFlags(parsing: [flags.list]) == flags)
    #expect(try MountFlags(parsing: ["uid=root"]).owner == 0)
    #expect(try MountFlags(parsing: ["uid=0"]).ownersGroup == 0)
    for wrong in ["uid=nobody-of-this-name", "gid=-1", "umask=9", "umask=1000", "umask="] {
      #expect(throws: CommandError.self) { try MountFlags(parsing: [wrong]) }
    }
  }

  @Test func fstabHasWhatTheCommandHasOptionsFor() throws {
    let words = [
      "/mnt/x", "-o", "ro,token_file=/t,ca_file=/c,insecure_http,timeout=3,freshness=0.5,cache_size=7,no_mkdir",
    ]
    let typed = try #require(try RootCommand.parseAsRoot(words) as? MountCommand)
    let flags = try MountFlags(parsing: typed.options)
    let command = try typed.applying(flags)
    #expect(command.server.tokenFile == "/t" && command.server.caFile == "/c" && command.server.insecureHttp)
    #expect(command.timeout == 3 && command.freshness == 0.5 && command.cacheSize == 7 && command.noMkdir)
    // They go to the process in the background as options of their own.
    #expect(flags.list == "ro")
    #expect(throws: CommandError.self) { try MountFlags(parsing: ["timeout=x"]) }
    #expect(throws: CommandError.self) { try MountFlags(parsing: ["token_file="]) }
    #expect(throws: (any Error).self) { try typed.applying(MountFlags(parsing: ["timeout=0"])) }
  }

  @Test func anUnknownOneListsTheKnown() {
    let error = #expect(throws: CommandError.self) { try MountFlags(parsing: ["ro,wat"]) }
    #expect(error?.status == 2)
    #expect(error?.advice?.contains("offline_ok") == true)
  }
}
