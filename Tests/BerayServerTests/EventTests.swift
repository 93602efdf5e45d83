import BerayAPI
import Foundation
import Testing

@testable import BerayServer

@Suite struct EventTests {
  @Test func aTextIsCutWhereACharacterBegins() throws {
    let limit = AgentEvent.maximumText
    let fits = AgentEvent(type: "stdout", text: String(repeating: "é", count: limit / 2))
    #expect(fits.limitingText() == fits)
    let cut = AgentEvent(type: "stdout", text: "a" + String(repeating: "é", count: limit / 2)).limitingText()
    #expect(cut.members.first?.value.stringValue == "a" + String(repeating: "é", count: limit / 2 - 1))
    #expect(cut.members.last == JSON.Member("truncated", true))
  }

  @Test func aPageEndsAfterAMebibyte() async throws {
    let directory = TestServer.temporaryDirectory()
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let store = try Store(path: directory + "/db")
    let account = try #require(try await store.insertAccount(email: "a@b", passwordHash: nil))
    let task = try await store.insertTask(userID: account.id, goal: "g", tools: "null").id
    let text = String(repeating: "\u{1}", count: AgentEvent.maximumText)
    for _ in 0..<10 { try store.append([AgentEvent(type: "stdout", text: text)], to: task) }
    var cursor: Int64 = 0
    var pages = 0
    while cursor < 10 {
      let page = try #require(try await store.events(of: task, after: cursor))
      #expect(page.events.reduce(0) { $0 + $1.json.utf8.count } < EventPage.bytes + 7 * AgentEvent.maximumText)
      #expect(page.events.first?.id == cursor + 1)
      cursor = try #require(page.events.last?.id)
      pages += 1
    }
    #expect(pages == 4)
    #expect(try await store.events(of: task, after: 3, through: 4)?.events.map(\.id) == [4])
  }
}
