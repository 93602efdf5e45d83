import BerayAPI
import Foundation
import GRDB
import LinuxSystem
import SystemPackage
import Testing

@testable import BerayServer

@Suite(.timeLimit(.minutes(5))) struct DataDirectoryTests {
  @Test func aDirectoryWithOtherThingsKeepsThemAndItsPermissions() async throws {
    let directory = TestServer.temporaryDirectory()
    defer { try? FileManager.default.removeItem(atPath: directory) }
    try "mine".write(toFile: directory + "/letter.txt", atomically: true, encoding: .utf8)
    chmod(directory, 0o755)
    await #expect(throws: ServerError.dataDirectoryUnusable(directory, .directoryNotEmpty)) {
      _ = try await TestServer.run(dataDirectory: directory) { _ in true }
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: directory) == ["letter.txt"])
    let mode = try FileManager.default.attributesOfItem(atPath: directory)[.posixPermissions] as? Int
    #expect(mode == 0o755)
  }

  @Test func theDatabaseIsForItsOwnerAlone() async throws {
    try await TestServer.run { (server: TestServer) async throws in
      _ = try await server.runTask(":")
      for name in ["beray.sqlite", "beray.sqlite-wal", "beray.sqlite-shm"] {
        let path = server.dataDirectory + "/" + name
        #expect(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int == 0o600)
      }
    }
  }

  @Test func aServerWaitsForOneThatEnds() async throws {
    let directory = TestServer.temporaryDirectory()
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let clock = SignallingClock()
    let second = try await TestServer.run(dataDirectory: directory) { (_: TestServer) async throws in
      let second = Task {
        try await TestServer.run(dataDirectory: directory, clock: clock) {
          $0.lockWait = .seconds(1_000_000)
          $0.unixSocket = nil
        } _: { (server: TestServer) async throws in
          try await server.client.get("/health").status
        }
      }
      // It has found the directory in use.
      for await _ in clock.sleeps { break }
      return second
    }
    #expect(try await second.value == 200)
  }

  @Test func aDatabaseOfANewerVersionIsLeftAlone() async throws {
    let directory = TestServer.temporaryDirectory()
    defer { try? FileManager.default.removeItem(atPath: directory) }
    _ = try await TestServer.run(dataDirectory: directory) { _ in true }
    let database = directory + "/beray.sqlite"
    try await DatabaseQueue(path: database).write {
      try $0.execute(sql: "INSERT INTO grdb_migrations VALUES ('something later')")
    }
    await #expect(throws: ServerError.databaseIsNewer(database)) {
      _ = try await TestServer.run(dataDirectory: directory) { _ in true }
    }
  }

  @Test func whatWasLeftBehindIsRemovedAtTheStart() async throws {
    let directory = TestServer.temporaryDirectory()
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let id = try await TestServer.run(dataDirectory: directory) { try await $0.runTask("echo 1 > kept").id }
    let files = FileManager.default
    try files.createDirectory(atPath: directory + "/tasks/999/work", withIntermediateDirectories: true)
    _ = files.createFile(atPath: directory + "/tmp/upload-1", contents: Data([1]))
    try await TestServer.run(dataDirectory: directory) { (server: TestServer) async throws in
      #expect(try files.contentsOfDirectory(atPath: directory + "/tasks") == ["\(id)"])
      #expect(files.fileExists(atPath: server.workDirectory(id) + "/kept"))
      #expect(try files.contentsOfDirectory(atPath: directory + "/tmp").isEmpty)
    }
  }

  @Test func aTreeOfAnyKindIsRemoved() throws {
    let directory = TestServer.temporaryDirectory()
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let outside = directory + "/outside"
    try FileManager.default.createDirectory(atPath: outside, withIntermediateDirectories: true)
    try "x".write(toFile: outside + "/f", atomically: true, encoding: .utf8)
    let parent = try OwnedDescriptor.open(path: directory, flags: O_RDONLY | O_DIRECTORY)
    mkdir(directory + "/t", 0o755)
    // Deeper than a process may have files open, or a path may be long.
    var place = try OwnedDescriptor.open(path: directory + "/t", flags: O_RDONLY | O_DIRECTORY)
    for depth in 0..<3000 {
      symlinkat(outside, place.rawValue, "link")
      try #require(mkdirat(place.rawValue, "\u{301}d", 0o755) == 0)
      let next = openat(place.rawValue, "\u{301}d", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
      if depth % 100 == 0 { fchmod(place.rawValue, 0) }
      place = OwnedDescriptor(owning: next)
    }
    try #require(mkdirat(place.rawValue, [CChar(bitPattern: 0xff), 0], 0o555) == 0)
    try TreeRemoval.remove("t", in: parent)
    #expect(!FileManager.default.fileExists(atPath: directory + "/t"))
    #expect(FileManager.default.fileExists(atPath: outside + "/f"))
    try TreeRemoval.remove("t", in: parent)
  }
}
