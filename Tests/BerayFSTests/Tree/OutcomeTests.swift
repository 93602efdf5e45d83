import Beray
import BerayAPI
import SystemPackage
import Testing
import VFS

@testable import BerayFS

/// `result`, `error` and `follow` of a task.
@Suite(.timeLimit(.minutes(5))) struct OutcomeTests {
  let bed = TreeBed()

  private func check(_ path: String, is text: String) async throws {
    #expect(try await bed.cat(path) == text)
    #expect(try await bed.stat(path).size == Int64(text.utf8.count))
  }

  @Test func theEventsTellThemWhereTheServerDoesNot() async throws {
    let id = bed.server.add("go", "RUNNING", events: [["type": "stdout", "content": "a line"]])
    try await check("1/error", is: "")
    try await check("1/result", is: "a line\n")
    bed.server.append(id, ["type": "message", "content": "an answer"])
    bed.server.append(id, ["type": "message", "role": "user", "content": "a question"])
    bed.server.append(id, ["type": "stdout", "content": "another line"])
    bed.time.advance(by: .seconds(2))
    try await check("1/result", is: "an answer\n")
    bed.server.append(id, ["type": "error", "message": "no key"])
    bed.server.set(id, status: "FAILED")
    bed.time.advance(by: .seconds(2))
    try await check("1/error", is: "no key\n")
    try await check("1/result", is: "an answer\n")
  }

  @Test func whatTheServerTellsGoesFirst() async throws {
    let id = bed.server.add("go", "FAILED", events: [["type": "error", "message": "no key"]])
    bed.server.change(id) { $0.raw = ["id": 1, "result": "half", "error": ["message": "401"], "status": "FAILED"] }
    try await check("1/result", is: "half\n")
    try await check("1/error", is: "401\n")
    #expect(bed.server.count(.task) == 0, "the list told")
  }

  @Test func aFailureAlwaysHasWords() async throws {
    bed.server.add("go", "FAILED")
    #expect(try await bed.cat("1/error").contains("FAILED"))
    bed.server.add("on", "COMPLETED", events: [["type": "error", "message": "mended"]])
    bed.time.advance(by: .seconds(2))
    try await check("2/error", is: "")
  }

  @Test func followEndsWithTheTask() async throws {
    let id = bed.server.add("go", "RUNNING", events: [event("a", id: 1)])
    let file = try await bed.open("1/follow")
    let stream = await bed.server.stream(0)
    await bed.server.requests(.task, 2)
    var text = try await bed.read(file)
    let next = Task { try await bed.read(file) }
    bed.server.append(id, event("b", id: 2))
    stream.send(event("b", id: 2))
    text += try await next.value
    bed.server.set(id, status: "COMPLETED")
    stream.send(statusChange("COMPLETED"))
    stream.end()
    while true {
      let piece = try await bed.read(file)
      if piece.isEmpty { break }
      text += piece
    }
    #expect(text == (try await bed.cat("1/events.log")))
    #expect(text.hasSuffix("COMPLETED\n"))
    try await bed.release(file)
  }
}
