import BerayAPI
import Logging
import PosixFacts
import SystemPackage
import Testing
import VFS

@testable import BerayFS

/// The facts of POSIX in `files/`, called as the kernel calls a file system, on servers of every kind.
struct PosixFactTests {
  private static let manners: [FakeWorkServer.Manner] = [.full, .ours, .bare, .minimal]

  @Test(arguments: PosixFact.all, manners.indices) func filesKeep(fact: PosixFact, manner: Int) async throws {
    let manner = Self.manners[manner]
    let server = FakeWorkServer(manner)
    let options = MountOptions(
      user: TreeBed.caller.user, group: TreeBed.caller.group, serverName: "test",
      rescueDirectory: "/tmp/files-tests/rescue", spillDirectory: "/tmp/files-tests/spill")
    let time = ManualTime()
    let fileSystem = BerayFileSystem(
      service: server, options: options, time: time.source,
      logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
    fileSystem.start(notifier: NoticeList())
    let world = FileSystemWorld(fileSystem, at: "\(FakeWorkServer.task.rawValue)/files", caller: TreeBed.caller)
    guard manner.capabilities.isEmpty, PosixFact.needingRemoval.contains(fact.name) else {
      try await fact.check(in: world)
      return try world.finish()
    }
    await #expect(throws: Errno.notPermitted, "nothing can be removed there") { try await fact.check(in: world) }
  }
}
