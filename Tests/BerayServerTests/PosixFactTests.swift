import Beray
import BerayFS
import BerayServer
import Foundation
import Logging
import PosixFacts
import Testing
import VFS

/// The facts of POSIX in the files of a task of this server, called as the kernel calls a file system.
@Suite(.timeLimit(.minutes(2))) struct PosixFactTests {
  @Test func filesKeepThemThroughTheClient() async throws {
    try await TestServer.run { (server: TestServer) async throws in
      let client = BerayClient(
        address: try ServerAddress(parsing: "http://127.0.0.1:\(server.addresses.port ?? 0)"),
        credentials: StaticCredentials(token: server.client.token))
      let caller = Caller(user: getuid(), group: getgid(), process: ProcessID(rawValue: getpid()))
      let fileSystem = BerayFileSystem(
        service: client,
        options: MountOptions(
          user: caller.user, group: caller.group, serverName: "test", rescueDirectory: server.dataDirectory,
          spillDirectory: server.dataDirectory), logger: Logger(label: "test"))
      var tasks: [(fact: PosixFact, id: Int64)] = []
      for fact in PosixFact.all { tasks.append((fact, try await server.runTask(":").id)) }
      try await fileSystem.load()
      for (fact, id) in tasks {
        let world = FileSystemWorld(fileSystem, at: "\(id)/files", caller: caller)
        do {
          try await fact.check(in: world)
          try world.finish()
        } catch {
          Issue.record("\(fact): \(error)")
        }
      }
      await client.shutdown()
    }
  }
}
