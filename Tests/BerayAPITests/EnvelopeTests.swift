import BerayAPI
import Testing

/// A message around an event, on servers that declare nothing.
@Suite struct EnvelopeTests {
  private static let inner = #"{"id":1,"event_type":"message","content":"hi","created_at":"2026-01-02T03:04:05Z"}"#

  private func update(_ text: String, id: String? = "1", name: String? = nil) throws -> TaskUpdate? {
    TaskUpdate(json: try JSON(parsing: text), lastEventID: id, eventName: name, taskID: TaskID(rawValue: 7))
  }

  @Test(arguments: ["data", "event", "payload", "task"])
  func theEventWithinIsTheEvent(wrapper: String) throws {
    let listed = TaskEvent(json: try JSON(parsing: Self.inner))
    for type in [
      "event", "message", "update", "task_update", "data", "notification", "task_event", "agent-event", "taskUpdated",
    ] {
      let sent = try #require(try update(#"{"type":"\#(type)","\#(wrapper)":\#(Self.inner)}"#))
      #expect(sent.events == [listed], "\(type)")
      #expect(sent.status == nil)
    }
    let bare = try #require(try update(#"{"\#(wrapper)":\#(Self.inner)}"#))
    #expect(bare.events == [listed])
    let named = try #require(try update(#"{"\#(wrapper)":\#(Self.inner)}"#, name: "update"))
    #expect(named.events == [listed])
    #expect(TaskEvent(json: try JSON(parsing: #"{"type":"event","\#(wrapper)":\#(Self.inner)}"#)) == listed)
  }

  @Test func whatStandsBesideIsNotTheEvents() throws {
    let listed = TaskEvent(json: try JSON(parsing: Self.inner))
    let text = #"{"event":"message","task_id":7,"timestamp":1700000000,"seq":88,"data":\#(Self.inner)}"#
    #expect(try #require(try update(text)).events == [listed])
  }

  @Test func anEnvelopeWithinAnEnvelopeIsOpened() throws {
    let listed = TaskEvent(json: try JSON(parsing: Self.inner))
    #expect(
      try #require(try update(#"{"type":"update","data":{"type":"event","data":\#(Self.inner)}}"#)).events == [listed])
  }

  @Test func aWholeEventNeedsNoGenericType() throws {
    let listed = TaskEvent(json: try JSON(parsing: Self.inner))
    #expect(try #require(try update(#"{"type":"log","data":\#(Self.inner)}"#)).events == [listed])
  }

  @Test(arguments: [
    #"{"type":"tool_call","id":3,"data":{"id":"call_1","name":"ls"}}"#,
    #"{"type":"message","content":"hi","data":{"type":"meta","id":4}}"#,
    #"{"type":"log","data":{"level":"info","message":"hi"}}"#,
  ])
  func whatIsAnEventItselfStaysWhole(text: String) throws {
    let update = try #require(try update(text))
    #expect(update.events.map { $0.raw.serialized() } == [text])
  }

  @Test(arguments: [
    #"{"type":"status","data":{"status":"COMPLETED"}}"#, #"{"type":"update","data":{"status":"COMPLETED"}}"#,
    #"{"type":"event","payload":{"type":"status","status":"COMPLETED"}}"#, #"{"event":{"status":"COMPLETED"}}"#,
    #"{"type":"task_status","task_id":7,"payload":{"state":"COMPLETED"}}"#,
    #"{"type":"status_update","data":{"status":"COMPLETED","id":7}}"#,
    #"{"type":"update","data":{"type":"status","data":{"status":"COMPLETED"}}}"#,
  ])
  func aStatusWithinIsTheTasks(text: String) throws {
    let update = try #require(try update(text, id: nil))
    #expect(update.status?.phase == .completed)
    #expect(update.events.map(\.isTaskStatus) == [true])
    #expect(update.events.first?.raw["data"] == nil && update.events.first?.raw["payload"] == nil)
  }

  @Test(arguments: [
    #"{"type":"tool","task":{"status":"COMPLETED","name":"sub"}}"#,
    #"{"type":"event","data":{"id":3,"type":"tool","task":{"status":"COMPLETED","name":"sub"}}}"#,
    #"{"type":"step","id":3,"events":[{"id":501,"text":"x"}]}"#,
    #"{"type":"event","data":{"id":3,"type":"step","events":[{"id":501,"text":"x"}]}}"#,
    #"{"type":"event","data":{"id":3,"type":"plan","goal":"find it"}}"#,
  ])
  func whatAnEventSaysOfItsOwnTaskIsNotTheTask(text: String) throws {
    let update = try #require(try update(text))
    #expect(update.status == nil)
    #expect(update.task == nil)
    #expect(update.events.count == 1)
    #expect(update.events.first?.isTaskStatus == false)
  }

  @Test func severalEventsInOneMessageAreSeveral() throws {
    for type in ["batch", "history", "events", "snapshot"] {
      let update = try #require(try update(#"{"type":"\#(type)","events":[{"id":501,"text":"x"},{"id":502}]}"#))
      #expect(update.events.map(\.id) == ["501", "502"])
    }
  }

  @Test func theNameOfACarrierIsNoType() throws {
    for name in ["update", "event", "task_update", "message"] {
      #expect(try update(#"{"id":1,"content":"hi"}"#, name: name)?.events.map(\.type) == [nil])
    }
    #expect(try update(#"{"id":1,"content":"hi"}"#, name: "log")?.events.map(\.type) == ["log"])
    #expect(try update("{}", name: "update")?.wantsRefresh == true)
  }

  @Test func aHeartbeatWithinIsOne() throws {
    #expect(try update(#"{"type":"event","data":{"type":"heartbeat","ts":1}}"#) == nil)
    #expect(try update(#"{"type":"heartbeat","data":{"ts":1}}"#) == nil)
  }
}
