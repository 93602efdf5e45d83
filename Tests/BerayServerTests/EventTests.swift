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
    #expect(cut.isTruncated && !fits.isTruncated)
  }

  /// Neither the contract nor a guess takes a field of the agent's for one of the server's.
  @Test(arguments: [EventContract.declared, .undeclared])
  func theAgentsOwnFieldsNeverStandInForTheServers(contract: EventContract) throws {
    let lines = [
      #"{"type":"step","timestamp":1700000000000,"ts":"2001-01-01","time":5,"created_at":"2001-01-01","updated_at":1}"#,
      #"{"type":"step","id":99,"seq":98,"event_id":"97","task_id":3}"#,
      #"{"type":"tool","status":"COMPLETED","state":"done","task_status":"FAILED"}"#,
      #"{"type":"tool","task":{"status":"COMPLETED","name":"sub","id":7}}"#,
      #"{"type":"event","data":{"id":1,"type":"log","text":"no","created_at":"2001-01-01"}}"#,
      #"{"type":"update","payload":{"id":1,"type":"status","status":"FAILED"},"event":{"type":"log"}}"#,
      #"{"type":"batch","events":[{"id":501,"text":"x"}]}"#, #"{"type":"step","goal":"another"}"#,
      #"{"type":"step","log":false,"truncated":true,"agent_log":1}"#,
      #"{"type":"status","status":"STOPPED"}"#, #"{"type":"Status","status":"STOPPED","agent_status":"a"}"#,
    ]
    for line in lines {
      var members = try #require(try JSON(parsing: line).objectValue)
      members.removeAll { $0.name == "type" }
      let type = try #require(try JSON(parsing: line)["type"]?.stringValue)
      members += [.init("message", "no"), .init("content", "no"), .init("output", "no"), .init("text", "yes")]
      let text = AgentEvent(type: type, members: members).json(id: 5, time: "2026-01-02T03:04:05Z")
      let update = try #require(
        TaskUpdate(json: JSON(parsing: text), lastEventID: "5", taskID: TaskID(rawValue: 7), contract: contract))
      let event = try #require(update.events.first)
      #expect(update.events.count == 1 && update.status == nil && update.task == nil, "\(text)")
      #expect(event.id == "5" && event.text == "yes" && !event.isTaskStatus, "\(text)")
      #expect(!event.isForPrograms && event.raw["truncated"] == nil, "\(text)")
      #expect(event.time == UTCTime(seconds: 1_767_323_045), "\(text)")
      // Nothing is lost and no name stands twice.
      let sent = try #require(event.raw.objectValue)
      #expect(sent.count == members.count + 3 && Set(sent.map(\.name)).count == sent.count, "\(text)")
    }
  }

  @Test func theServersOwnStatusKeepsItsNames() throws {
    let text = AgentEvent.final(TaskOutcome(status: .failed, exitCode: 3, text: "no")).json(
      id: 2, time: "2026-01-02T03:04:05Z")
    #expect(
      text
        == #"{"id":2,"type":"status","created_at":"2026-01-02T03:04:05Z","status":"FAILED","exit_code":3,"text":"no"}"#)
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
