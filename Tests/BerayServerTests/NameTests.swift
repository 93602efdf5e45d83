import BerayAPI
import Foundation
import Testing
import ZipArchive

@testable import BerayServer

/// Names that are not UTF-8, as requests call them.
@Suite(.timeLimit(.minutes(5))) struct NameTests {
  @Test(
    arguments: [
      ([0x63, 0x61, 0x66, 0xE9], "caf\u{201B}E9"), ([0xFF, 0xFE], "\u{201B}FF\u{201B}FE"),
      (Array("caf\u{E9}".utf8), "caf\u{E9}"), (Array("a\u{201B}b".utf8), "a\u{201B}b"),
      (Array("\u{201B}".utf8), "\u{201B}"), (Array("\u{201B}E9".utf8), "\u{201B}\u{201B}E9"),
      (Array("\u{201B}\u{201B}E9".utf8), "\u{201B}\u{201B}\u{201B}\u{201B}E9"),
      (Array("\u{201B}".utf8) + [0xE9], "\u{201B}\u{201B}\u{201B}E9"), ([0xE2, 0x80], "\u{201B}E2\u{201B}80"),
      (Array("\u{201B}41".utf8), "\u{201B}41"), ([0xED, 0xA0, 0x80], "\u{201B}ED\u{201B}A0\u{201B}80"),
    ] as [([UInt8], String)])
  func aNameIsWrittenInOneWay(_ bytes: [UInt8], _ text: String) throws {
    let kernel = bytes.map(CChar.init(bitPattern:)) + [0]
    #expect(EntryName(kernel: kernel).text == text)
    #expect(try #require(EntryName(text: text)).bytes == kernel)
  }

  @Test func whatWouldBeAnotherNameIsNone() {
    // The bytes of é, which is written as itself.
    #expect(EntryName(text: "\u{201B}C3\u{201B}A9") == nil)
  }

  @Test func suchAFileIsListedReadRenamedZippedAndRemoved() async throws {
    let goal = "import os; os.mkdir(b'd\\xff'); open(b'd\\xff/caf\\xe9', 'w').write('x')"
    try await TestServer.run(agent: AgentCommand(arguments: ["python3", "{goal_file}"])) {
      (server: TestServer) async throws in
      let files = "/api/v1/tasks/\(try await server.runTask(goal).id)/files/"
      let tree = try await server.client.get(files + "tree?recursive=true").json.arrayValue ?? []
      #expect(tree.first?["name"] == "d\u{201B}FF")
      #expect(tree.first?["children"]?.arrayValue?.first?["path"] == "d\u{201B}FF/caf\u{201B}E9")
      let path = Route.percentEncoded("d\u{201B}FF/caf\u{201B}E9")
      #expect(try await server.client.get(files + "content?path=" + path).text == "x")
      let zip = try await server.client.post(files + "download", ["paths": []])
      let names = try ZipReader(zip.body, limit: 1 << 20).contents().compactMap(\.entry.name)
      #expect(names == ["d\u{201B}FF/", "d\u{201B}FF/caf\u{201B}E9"])
      let move = try await server.client.post(
        files + "move", ["from": "d\u{201B}FF/caf\u{201B}E9", "to": "d\u{201B}FF/\u{201B}E8"])
      #expect(move.status == 200)
      #expect(try await server.client.delete(files + "content?path=d%E2%80%9BFF/%E2%80%9BE8").status == 200)
      #expect(try await server.client.delete(files + "content?path=d%E2%80%9BFF").status == 200)
      #expect(try await server.client.get(files + "tree").json == [])
    }
  }
}
