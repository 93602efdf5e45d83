import BerayAPI
import Foundation
import SystemPackage
import Testing

@testable import BerayServer

/// Paths are taken apart by bytes: a combining mark behind a slash makes another character of it, and the same byte.
@Suite(.timeLimit(.minutes(5))) struct PathTests {
  static let mark = "\u{301}"

  @Test(arguments: ["../\(mark)pwn", "/\(mark)abs", "a/../\(mark)pwn", "..", "a/..", "/", "a/..//\(mark)"])
  func aPathThatLeavesIsRefused(_ text: String) {
    #expect(throws: HTTPFailure.self) { try RelativePath(text) }
  }

  @Test func aMarkBehindASlashBeginsAName() throws {
    #expect(try RelativePath("a/./\(Self.mark)b//c/").components.map(\.text) == ["a", "\(Self.mark)b", "c"])
  }

  @Test(arguments: ["", ".", "..", "a/b", "/\(mark)x"])
  func whatIsNoNameIsNeverUsedAsOne(_ name: String) {
    let directory = TestServer.temporaryDirectory()
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let work = AgentDirectory(path: directory, temporary: directory)
    let path = RelativePath(components: [EntryName(kernel: Array(name.utf8CString))])
    #expect(throws: Errno.invalidArgument) { try work.openParent(of: path) }
    if name != "" {
      #expect(throws: Errno.self) { try work.makeDirectories(path) }
    }
    #expect((try? FileManager.default.contentsOfDirectory(atPath: directory)) == [])
  }

  @Test func noRequestReachesOutside() async throws {
    try await FileTests.withFiles("mkdir a; printf 1 > f") {
      (server: TestServer, id: Int64, files: String) async throws in
      let client = server.client
      let (encoded, up, absolute) = ("%CC%81", "../\(Self.mark)pwn", "/\(Self.mark)abs")
      var statuses: [Int] = []
      for path in ["../\(encoded)pwn", "/\(encoded)abs", "/\(encoded)abs/../\(encoded)pwn"] {
        statuses.append(try await client.put(files + "content?path=\(path)", [1]).status)
        statuses.append(try await client.get(files + "content?path=\(path)").status)
        statuses.append(try await client.delete(files + "content?path=\(path)").status)
        statuses.append(try await client.get(files + "tree?path=\(path)").status)
        statuses.append(try await client.patch(files + "attributes?path=\(path)", ["mode": 511]).status)
      }
      for path in [up, absolute] {
        statuses.append(try await client.post(files + "directory", ["path": .string(path)]).status)
        statuses.append(try await client.post(files + "move", ["from": "a", "to": .string(path)]).status)
        statuses.append(try await client.post(files + "move", ["from": .string(path), "to": "b"]).status)
        statuses.append(try await client.post(files + "download", ["paths": [.string(path)]]).status)
      }
      #expect(statuses.allSatisfy { $0 == 400 }, "\(statuses)")
      #expect(!FileManager.default.fileExists(atPath: absolute))
      let task = try FileManager.default.contentsOfDirectory(atPath: server.dataDirectory + "/tasks/\(id)")
      #expect(Set(task) == ["goal", "work"])
      // Such a name is as good as any other where it is one.
      #expect(try await client.put(files + "content?path=a/\(encoded)in", [7]).status == 200)
      #expect(try await client.get(files + "content?path=a/\(encoded)in").body == [7])
    }
  }

  @Test func aLinkToANameWithAMarkIsWrittenThrough() async throws {
    try await FileTests.withFiles("printf old > \(Self.mark)real; ln -s \(Self.mark)real link") {
      (server: TestServer, id: Int64, files: String) async throws in
      #expect(try await server.client.put(files + "content?path=link", Array("new".utf8)).status == 200)
      let real = server.workDirectory(id) + "/\(Self.mark)real"
      #expect(try String(contentsOfFile: real, encoding: .utf8) == "new")
    }
  }
}
