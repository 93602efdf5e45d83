import BerayAPI
import Testing

@Suite struct TaskUpdateTests {
  private func update(_ text: String, name: String? = nil) throws -> TaskUpdate? {
    TaskUpdate(json: try JSON(parsing: text), lastEventID: "9", eventName: name, taskID: TaskID(rawValue: 7))
  }

  @Test(arguments: [
    #"{"status":"RUNNING"}"#, #"{"state":"RUNNING","id":7}"#, #"{"task_status":"RUNNING","timestamp":1767323045}"#,
    #"{"data":{"status":"RUNNING"}}"#, #"{"type":"status","status":"RUNNING"}"#,
    #"{"type":"status","data":{"status":"RUNNING"}}"#,
    #"{"type":"status","status":"RUNNING","message":"at work"}"#, #"{"type":"task_status","status":"RUNNING"}"#,
    #"{"type":"task_updated","status":"RUNNING"}"#, #"{"type":"status_change","state":"RUNNING","id":3}"#,
  ])
  func readsStatusAlone(text: String) throws {
    let update = try #require(try update(text))
    #expect(update.status?.phase == .running)
    #expect(update.events.map(\.isTaskStatus) == [true])
    #expect(update.task == nil)
    #expect(!update.wantsRefresh)
    #expect(update.lastEventID == "9")
    #expect(update.raw.serialized() == text)
  }

  @Test func readsEvents() throws {
    let update = try #require(try update(#"{"type":"log","message":"hi","id":3}"#))
    #expect(update.events.map(\.text) == ["hi"])
    #expect(update.events.map(\.id) == ["3"])
    #expect(update.status == nil)
    #expect(!update.wantsRefresh)
  }

  @Test func untypedStatusWithTextIsBoth() throws {
    let update = try #require(try update(#"{"status":"COMPLETED","result":"42"}"#))
    #expect(update.status?.phase == .completed)
    #expect(update.events.map(\.text) == ["42"])
  }

  @Test func statusOfAnotherThingIsNotTheTasks() throws {
    let ended = try #require(try update(#"{"type":"tool_call","name":"ls","status":"success"}"#))
    #expect(ended.status == nil)
    #expect(ended.events.count == 1)
    #expect(ended.wantsRefresh)
    let running = try #require(try update(#"{"type":"tool_call","name":"ls","status":"started"}"#))
    #expect(running.status == nil)
    #expect(!running.wantsRefresh)
    #expect(try update(#"{"type":"tool_call","task_status":"FAILED"}"#)?.status?.phase == .failed)
  }

  @Test(arguments: [
    #"{"id":7,"goal":"g","status":"RUNNING","events":[{"id":1},{"id":2}]}"#,
    #"{"status":"RUNNING","events":[{"id":1},{"id":2}]}"#,
    #"{"task":{"id":7,"status":"RUNNING","events":[{"id":1},{"id":2}]}}"#,
    #"{"type":"task_updated","task":{"status":"RUNNING","events":[{"id":1},{"id":2}]}}"#,
    #"{"type":"update","data":{"task":{"status":"RUNNING","events":[{"id":1},{"id":2}]}}}"#,
    #"{"type":"update","data":{"goal":"g","status":"RUNNING","events":[{"id":1},{"id":2}]}}"#,
  ])
  func readsTasks(text: String) throws {
    let update = try #require(try update(text))
    #expect(update.task?.id.rawValue == 7)
    #expect(update.task?.status.phase == .running)
    #expect(update.status?.phase == .running)
    #expect(update.events.map(\.id) == ["1", "2"])
    #expect(!update.wantsRefresh)
  }

  @Test func textBesideATaskIsAnEvent() throws {
    let update = try #require(try update(#"{"type":"step","message":"hi","task":{"id":7,"status":"RUNNING"}}"#))
    #expect(update.task?.id.rawValue == 7)
    #expect(update.events.map(\.text) == ["hi"])
  }

  @Test func resultOfAWholeTaskIsNoEvent() throws {
    let update = try #require(try update(#"{"id":7,"goal":"g","status":"COMPLETED","result":"42"}"#))
    #expect(update.task?.goal == "g")
    #expect(update.events.isEmpty)
  }

  @Test func resultOfATaskUnderDataIsNoEvent() throws {
    let update = try #require(try update(#"{"type":"update","data":{"id":7,"goal":"g","result":"42"}}"#))
    #expect(update.task?.goal == "g")
    #expect(update.events.isEmpty)
    let beside = try #require(
      try self.update(#"{"type":"update","data":{"message":"hi","task":{"id":7,"status":"RUNNING","result":"42"}}}"#))
    #expect(beside.events.map(\.text) == ["hi"])
  }

  @Test func aPingNeedNotBeJSON() {
    for name in ["ping", "Heartbeat", "keep-alive"] { #expect(TaskUpdate.isHeartbeat(eventName: name)) }
    for name in ["message", "", "log"] { #expect(!TaskUpdate.isHeartbeat(eventName: name)) }
  }

  @Test func anEventMayHaveAGoal() throws {
    let update = try #require(try update(#"{"type":"plan","goal":"find it"}"#))
    #expect(update.task == nil)
    #expect(update.events.count == 1)
  }

  @Test(arguments: [
    #"{"type":"task_updated"}"#, #"{"type":"update","task_id":7}"#, #"{"event":"changed","data":{}}"#,
    #"{"type":"done"}"#,
    #"{"type":"task_completed","timestamp":1}"#, #"{"type":"task_updated","task":{"id":7}}"#,
  ])
  func changesNotCarriedWantARefresh(text: String) throws {
    let update = try #require(try update(text))
    #expect(update.wantsRefresh)
    #expect(update.events.isEmpty)
    #expect(update.status == nil)
  }

  @Test(arguments: [#"{"type":"done","result":"42"}"#, #"{"type":"update","step":3}"#, #"{"type":"completed","id":5}"#])
  func changesWithAPayloadAreEventsToo(text: String) throws {
    let update = try #require(try update(text))
    #expect(update.wantsRefresh)
    #expect(update.events.count == 1)
  }

  @Test(arguments: [
    #"{"type":"ping"}"#, #"{"type":"Heartbeat","ts":1}"#, #"{"event":"keep-alive"}"#, #"{"kind":"KEEPALIVE"}"#,
    #"{"data":{"type":"ping"}}"#, "{}",
    "null",
  ])
  func heartbeatsAreNoUpdates(text: String) throws {
    #expect(try update(text) == nil)
  }

  @Test func eventNameStandsInForAType() throws {
    #expect(try update("{}", name: "ping") == nil)
    #expect(try update(#"{"status":"COMPLETED"}"#, name: "status")?.events.map(\.type) == ["status"])
    #expect(try update(#"{"x":1}"#, name: "log")?.events.first?.type == "log")
    #expect(try update(#"{"x":1}"#, name: "message")?.events.first?.type == nil)
  }

  @Test func whatIsNoObjectIsAnEvent() throws {
    #expect(try update(#""a line""#)?.events.map(\.text) == ["a line"])
    #expect(try update("[1]")?.events.count == 1)
  }
}
