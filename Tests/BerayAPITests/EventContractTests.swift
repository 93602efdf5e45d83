import BerayAPI
import Testing

/// What a server declares is read as it says; nothing that an agent writes stands for more.
@Suite struct EventContractTests {
  private func update(_ text: String) throws -> TaskUpdate? {
    TaskUpdate(json: try JSON(parsing: text), lastEventID: "5", taskID: TaskID(rawValue: 7), contract: .declared)
  }

  @Test(arguments: [
    #"{"id":5,"type":"heartbeat","created_at":"2026-01-02T03:04:05Z","text":"one"}"#,
    #"{"id":5,"type":"ping"}"#,
    #"{"id":5,"type":"batch","events":[{"id":501,"text":"x"}]}"#,
    #"{"id":5,"type":"tool","task":{"status":"COMPLETED","name":"sub"}}"#,
    #"{"id":5,"type":"done","status":"COMPLETED"}"#,
    #"{"id":5,"type":"task_updated","task":{"id":7,"goal":"g","status":"COMPLETED","events":[]}}"#,
    #"{"id":5,"type":"event","data":{"id":6,"type":"status","status":"FAILED"}}"#,
    #"{"id":5,"type":"stdout","goal":"another","data":{"status":"STOPPED"}}"#,
  ])
  func aMessageWithAnIDIsOneEvent(text: String) throws {
    let update = try #require(try update(text))
    #expect(update.events.map(\.id) == ["5"])
    #expect(update.events.map { $0.raw.serialized() } == [text])
    #expect(update.events.map(\.isTaskStatus) == [false])
    #expect(update.status == nil && update.task == nil && !update.wantsRefresh)
  }

  @Test func onlyAStatusSpeaksOfTheTask() throws {
    let update = try #require(
      try update(#"{"id":5,"type":"status","created_at":"2026-01-02T03:04:05Z","status":"COMPLETED","exit_code":0}"#))
    #expect(update.status?.phase == .completed)
    #expect(update.events.map(\.isTaskStatus) == [true])
    #expect(update.events.first?.time == UTCTime(seconds: 1_767_323_045))
  }

  @Test(arguments: [#"{"type":"status","status":"COMPLETED"}"#, #"{"text":"x"}"#, "{}", "null", #""a line""#])
  func withoutAnIDThereIsNoEvent(text: String) throws {
    #expect(try update(text) == nil)
  }

  @Test func eachFieldHasOneName() throws {
    let json = try JSON(
      parsing: """
        {"id":5,"type":"log","created_at":"2026-01-02T03:04:05Z","timestamp":1700000000000,"ts":1,"message":"no",
        "content":"no","text":"yes","seq":99,"state":"done"}
        """)
    let event = TaskEvent(json: json, contract: .declared)
    #expect(event.time == UTCTime(seconds: 1_767_323_045))
    #expect(event.text == "yes")
    #expect(event.id == "5")
    #expect(event.status == nil)
    let task = try BerayTask(json: ["id": 7, "events": [json]], contract: .declared)
    #expect(task.events == [event])
  }

  @Test func onlyWhoDeclaresItsEventsKeepsSomeForPrograms() throws {
    let json = try JSON(
      parsing: #"{"id":5,"type":"stdout","created_at":"2026-01-02T03:04:05Z","text":"x","log":false}"#)
    #expect(TaskEvent(json: json, contract: .declared).isForPrograms)
    #expect(!TaskEvent(json: json, contract: .undeclared).isForPrograms)
  }

  @Test func theDocumentDeclaresIt() {
    #expect(Capabilities(openAPI: ["x-beray-events": 1, "paths": .object([])]).eventContract == .declared)
    for other: JSON in [["x-beray-events": 2], ["x-beray-events": true], .object([])] {
      #expect(Capabilities(openAPI: other).eventContract == .undeclared)
    }
  }
}
