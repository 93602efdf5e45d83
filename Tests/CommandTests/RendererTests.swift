import Beray
import BerayAPI
import Testing

@testable import BerayCommand

@Suite struct RendererTests {
  private let world = TestWorld()

  private func renderer(_ format: OutputFormat) -> Renderer {
    Renderer(format: format, terminal: world.context.terminal, now: TestWorld.now)
  }

  private struct Two: PayloadSeries {
    var items: [JSON] { ["one", "two"] }
    func lines(on page: Page) -> [String] { ["1", "2"] }
  }

  @Test(arguments: [(OutputFormat.text, "1\n2\n"), (.json, "\"one\"\n\"two\"\n")])
  func resultsThatComeOneByOneGetALineEach(_ format: OutputFormat, _ output: String) throws {
    try renderer(format).each(Two())
    #expect(world.output == output)
  }

  @Test func theMessageOfAnAnswerIsANoteAndItsJSONAResult() async {
    let answer = #"{"message":"Task 7 stopped"}"#
    let tasks = [
      (id: 7, status: "RUNNING", created: "2026-01-01T00:00:00Z", updated: "2026-01-01T00:00:00Z", goal: "x")
    ]
    let text = TestWorld(tasks)
    #expect(await text.run("task", "stop", "7") == 0)
    #expect(text.output.isEmpty && text.errors == "Task 7 stopped\n")
    let json = TestWorld(tasks)
    #expect(await json.run("task", "stop", "7", "--json") == 0)
    #expect(json.output == answer + "\n" && json.errors.isEmpty)
  }

  @Test func anEventNamesItsTaskAmongOthers() throws {
    let event = TaskEvent(type: "output", text: "hello", raw: ["text": "hello"])
    let line = "-" + String(repeating: " ", count: 25) + "output    hello"
    let id = try #require(TaskID("42"))
    #expect(EventOfTask(event: event, task: nil).lines(on: Page()) == [line])
    #expect(EventOfTask(event: event, task: id).lines(on: Page()) == ["42\t" + line])
    #expect(
      EventOfTask(event: event, task: id).items.map { $0.serialized() } == [
        #"{"task":42,"event":{"text":"hello"}}"#
      ])
    let hidden = TaskEvent(type: "output", isForPrograms: true, raw: ["log": false])
    #expect(EventOfTask(event: hidden, task: id).lines(on: Page()).isEmpty)
    #expect(EventOfTask(event: hidden, task: nil).items.map { $0.serialized() } == [#"{"log":false}"#])
  }

  @Test func notesGoWithTextAlone() async {
    let text = TestWorld()
    #expect(await text.run("task", "list") == 0)
    #expect(text.errors == "no task fits\n")
    let json = TestWorld()
    #expect(await json.run("task", "list", "--json") == 0)
    #expect(json.output == "[]\n" && json.errors.isEmpty)
  }
}
