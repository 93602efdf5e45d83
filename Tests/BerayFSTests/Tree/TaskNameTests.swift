import BerayAPI
import Testing
import VFS

@testable import BerayFS

@Suite struct TaskNameTests {
  @Test(arguments: [
    ("Write docs", "7-write-docs"), ("", "7"), ("!!!", "7"), ("  a  b  ", "7-a-b"), ("写一首诗", "7-写一首诗"),
    ("résumé", "7-résumé"), ("x/../y\u{0}z\n", "7-x-y-z"), ("हिन्दी भाषा", "7-हिन्दी-भाषा"), ("½ cup", "7-½-cup"),
  ])
  func slugs(goal: String, name: String) {
    #expect(TaskName.listed(id: TaskID(rawValue: 7), goal: goal) == Name(name))
  }

  @Test func isCutBetweenCharacters() {
    for goal in [
      String(repeating: "x", count: 500), String(repeating: "写", count: 500), String(repeating: "e\u{301}", count: 500),
    ] {
      let name = TaskName.listed(id: TaskID(rawValue: 12345), goal: goal)
      #expect(name.utf8.count <= 80)
      #expect(name.utf8.count > 74)
      #expect(goal.lowercased().hasPrefix(name.string.dropFirst(6)))
    }
  }

  @Test(arguments: [".git", ".Trash-1000", "lost+found", "Untitled Folder", "Untitled Folder 2", "New folder", "42"])
  func refuses(name: String) {
    #expect(TaskName.refusal(Name(name)) != nil)
  }

  @Test(arguments: ["42 things", "New foldering", "write docs", "4 2", "v1.2"])
  func takes(name: String) {
    #expect(TaskName.refusal(Name(name)) == nil)
  }
}

@Suite struct GoalTests {
  @Test func textLosesTheNewlineAtItsEnd() throws {
    #expect(try Goal(written: "do it\n") == Goal(text: "do it", tools: nil))
    #expect(try Goal(written: "a\n\nb\n\n") == Goal(text: "a\n\nb", tools: nil))
  }

  @Test func jsonNamesToolsAsTheyCome() throws {
    #expect(try Goal(written: #" {"goal": "x\n", "tools": ["a"]}"#) == Goal(text: "x\n", tools: ["a"]))
    #expect(
      try Goal(written: #"{"goal":"x","tools":[{"web":{"url":"http://t"}}]}"#)
        == Goal(text: "x", tools: [["web": ["url": "http://t"]]]))
  }

  @Test func whatOnlyLooksLikeJSONIsText() throws {
    #expect(try Goal(written: "{ echo a; }") == Goal(text: "{ echo a; }", tools: nil))
    #expect(try Goal(written: #"{"task": 1}"#) == Goal(text: #"{"task": 1}"#, tools: nil))
  }

  @Test func blankGoals() {
    for text in [" \n\t\n", #"{"goal": " "}"#] {
      #expect(throws: Goal.Problem.self) { try Goal(written: text) }
    }
  }

  @Test(arguments: [
    #"{"goal": "x"} and more"#, #"{"goal": "x", "tools": "browser"}"#, #"{"goal": 1}"#, #"{"goal": "x","#,
  ])
  func brokenJSONIsNoGoal(text: String) {
    #expect(throws: Goal.Problem.self) { try Goal(written: text) }
  }

  @Test func onlyCopiesOfWhatToolsMakeAreRefused() {
    for name in ["New Folder", "New folder 2", "New Folder (12)", "Untitled Folder - copy", "New Folder - Copy"] {
      #expect(TaskName.refusal(Name(name)) != nil, "\(name)")
    }
    for name in [
      "New folder layout for the docs", "New Folder 2 go", "New Folders", "New folder ()", "lost+found files",
    ] {
      #expect(TaskName.refusal(Name(name)) == nil, "\(name)")
    }
  }

  @Test func beginningsOfUTF8() {
    let text = Array("aé写𝄞".utf8)
    for length in 0...text.count { #expect(text.prefix(length).completeUTF8 != nil, "\(length)") }
    for bad: [UInt8] in [[0xff], [0x61, 0xc0], [0xe5, 0x41], [0x80], [0xf0, 0x9d, 0x41], [0xc3, 0xc3]] {
      #expect(bad[...].completeUTF8 == nil, "\(bad)")
    }
  }
}
