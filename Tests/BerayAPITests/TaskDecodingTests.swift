import BerayAPI
import Testing

@Suite struct TaskDecodingTests {
  @Test func readsTheSDKsTask() throws {
    let task = try BerayTask(json: JSON(parsing: #"{"id":1,"goal":"test goal","status":"RUNNING"}"#))
    #expect(task.id == TaskID(rawValue: 1))
    #expect(task.goal == "test goal")
    #expect(task.status.phase == .running)
    #expect(task.events == nil)
    #expect(task.createdAt == nil)
    #expect(task.raw.serialized() == #"{"id":1,"goal":"test goal","status":"RUNNING"}"#)
  }

  @Test func readsTimesAndEvents() throws {
    let task = try BerayTask(
      json: [
        "id": "7", "created_at": "2026-01-02T03:04:05.5", "updated_at": 1_767_323_045_123,
        "events": ["text", ["id": 1], .null],
      ])
    #expect(task.id.rawValue == 7)
    #expect(task.createdAt == UTCTime(seconds: 1_767_323_045, nanoseconds: 500_000_000))
    #expect(task.updatedAt == UTCTime(seconds: 1_767_323_045, nanoseconds: 123_000_000))
    #expect(task.events?.map(\.id) == [nil, "1", nil])
    #expect(task.events?.first?.text == "text")
  }

  @Test func missingGoalAndStatusAreEmpty() throws {
    let task = try BerayTask(json: ["id": 1])
    #expect(task.goal == "")
    #expect(task.status.text == "")
    #expect(task.status.phase == .unknown)
    #expect(!task.status.isFinished)
  }

  @Test func findsTheTaskInAnObject() throws {
    #expect(try BerayTask(json: ["task": ["id": 3, "goal": "g"]]).goal == "g")
    #expect(try BerayTask(json: ["goal": "g"], id: TaskID(rawValue: 9)).id.rawValue == 9)
    #expect(throws: UnexpectedJSON.self) { try BerayTask(json: ["goal": "g"]) }
    #expect(throws: UnexpectedJSON.self) { try BerayTask(json: []) }
  }

  @Test func readsLists() throws {
    let list: JSON = [["id": 1], ["no": 2], ["id": 1, "goal": "again"], ["id": 2]]
    #expect(try BerayTask.list(json: list).map(\.id.rawValue) == [1, 2])
    #expect(try BerayTask.list(json: ["tasks": list]).count == 2)
    #expect(throws: UnexpectedJSON.self) { try BerayTask.list(json: ["detail": "no"]) }
  }

  @Test(arguments: [
    ("completed", TaskStatus.Phase.completed), ("complete", .completed), ("success", .completed),
    ("succeeded", .completed), ("done", .completed), ("finished", .completed), ("failed", .failed),
    ("failure", .failed), ("error", .failed), ("errored", .failed), ("stopped", .stopped), ("cancelled", .stopped),
    ("canceled", .stopped), ("aborted", .stopped), ("terminated", .stopped), ("killed", .stopped),
    ("expired", .stopped), ("rejected", .stopped), ("in progress", .running), ("running", .running),
    ("pending", .pending), ("reviewing", .unknown),
  ])
  func readsStatuses(word: String, phase: TaskStatus.Phase) {
    let parts = word.split(separator: " ")
    let spellings = [
      word, word.uppercased(), word.prefix(1).uppercased() + word.dropFirst(), parts.joined(separator: "-"),
      parts.joined(separator: "_"), parts.joined(), word.map(String.init).joined(separator: "_"), " \(word) ",
    ]
    for text in spellings {
      #expect(TaskStatus(text).phase == phase, "\(text)")
      #expect(TaskStatus(text).text == text)
    }
    #expect(TaskStatus(word + "x").phase == .unknown)
    #expect(TaskStatus(word).isFinished == [.completed, .failed, .stopped].contains(phase))
  }

  @Test func aStatusMayBeANumber() throws {
    #expect(try BerayTask(json: ["id": 1, "status": 3]).status.text == "3")
    #expect(try BerayTask(json: ["id": 1, "status": .null, "state": "DONE"]).status.phase == .completed)
  }

  private static let wrappers = ["data", "event", "task"]

  private func event(_ name: String, _ value: JSON, under wrapper: String) -> TaskEvent {
    TaskEvent(json: .object([.init(wrapper, .object([.init(name, value)]))]))
  }

  @Test(arguments: ["type", "event_type", "event", "kind"])
  func findsTheType(name: String) throws {
    #expect(TaskEvent(json: .object([.init(name, "log")])).type == "log")
    for wrapper in Self.wrappers { #expect(event(name, "log", under: wrapper).type == "log") }
  }

  @Test(arguments: ["message", "content", "text", "output", "result", "detail"])
  func findsTheText(name: String) throws {
    #expect(TaskEvent(json: .object([.init(name, "hi")])).text == "hi")
    for wrapper in Self.wrappers { #expect(event(name, "hi", under: wrapper).text == "hi") }
  }

  @Test(arguments: ["ts", "timestamp", "created_at", "updated_at", "time"])
  func findsTheTime(name: String) throws {
    #expect(TaskEvent(json: .object([.init(name, 1_767_323_045)])).time == UTCTime(seconds: 1_767_323_045))
    for wrapper in Self.wrappers {
      #expect(event(name, "2026-01-02T03:04:05", under: wrapper).time == UTCTime(seconds: 1_767_323_045))
    }
  }

  @Test(arguments: ["id", "seq", "event_id"])
  func findsTheID(name: String) throws {
    #expect(TaskEvent(json: .object([.init(name, 7)])).id == "7")
    for wrapper in Self.wrappers { #expect(event(name, "a-1", under: wrapper).id == "a-1") }
  }

  @Test(arguments: ["status", "state", "task_status"])
  func findsTheStatus(name: String) throws {
    #expect(TaskEvent(json: .object([.init(name, "RUNNING")])).status?.phase == .running)
    for wrapper in Self.wrappers { #expect(event(name, "RUNNING", under: wrapper).status?.phase == .running) }
  }

  @Test func topLevelGoesFirst() {
    let event = TaskEvent(json: ["data": ["type": "inner", "text": "inner"], "kind": "outer", "detail": "outer"])
    #expect(event.type == "outer")
    #expect(event.text == "outer")
  }

  @Test func textWithPartsIsJSON() {
    #expect(TaskEvent(json: ["content": [["type": "text", "text": "hi"]]]).text == #"[{"type":"text","text":"hi"}]"#)
    #expect(TaskEvent(json: ["type": "log", "data": "a line"]).text == "a line")
    #expect(TaskEvent(json: ["event": "log", "message": .null]).text == nil)
    #expect(TaskEvent(json: 5).text == "5")
  }

  @Test func readsUsers() throws {
    #expect(try User(json: ["id": 1, "email": "a@b.c"]).id == "1")
    #expect(try User(json: ["id": "u-1"]).id == "u-1")
    #expect(throws: UnexpectedJSON.self) { try User(json: []) }
    #expect(throws: UnexpectedJSON.self) { try Session(json: ["user": ["id": 1]]) }
    let session = try Session(json: ["access_token": "s3cret", "token_type": "bearer", "user": ["email": "a@b.c"]])
    #expect(session.user?.email == "a@b.c")
    #expect(!"\(session)".contains("s3cret"))
  }
}
