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
  private func goal(_ written: String) throws -> TaskRequest { try Goal(written: written, shown: NewFile.help).request }

  private func problem(_ written: String) -> String? {
    do { _ = try Goal(written: written) } catch { if case .json(let problem) = error { return problem } }
    return nil
  }

  @Test func textLosesTheNewlineAtItsEnd() throws {
    #expect(try goal("do it\n") == TaskRequest(goal: "do it"))
    #expect(try goal("a\n\nb\n\n") == TaskRequest(goal: "a\n\nb"))
  }

  @Test func jsonNamesMembersAsTheyCome() throws {
    #expect(try goal(#" {"goal": "x\n", "tools": ["a"]}"#) == TaskRequest(goal: "x\n", tools: ["a"]))
    #expect(
      try goal(#"{"goal":"x","tools":[{"web":{"url":"http://t"}}],"agent":"codex","from":"/src"}"#)
        == TaskRequest(goal: "x", tools: [["web": ["url": "http://t"]]], agent: "codex", from: "/src"))
    #expect(try goal(#"{"goal":"x","tools":null,"agent":null,"from":null}"#) == TaskRequest(goal: "x"))
  }

  @Test(arguments: [
    (#"{"goal": }"#, "not a JSON object"), (#"{"gaol": "x"}"#, "'gaol' is not known"),
    (#"{"goal": "x", "tool": []}"#, "'tool' is not known"), (#"{"goal": "x", "goal": "y"}"#, "appears twice"),
    (#"{"tools": []}"#, "no 'goal'"), ("{}", "no 'goal'"), (#"{"goal": 1}"#, "'goal' is not a string"),
    (#"{"goal": "x"} behind"#, "not a JSON object"), ("{'goal': 'x'}", "not a JSON object"),
    ("{goal: 1}", "not a JSON object"),
    (#"{"goal": "x", "agent": ["a"]}"#, "'agent' is not a string"),
    (#"{"goal": "x", "agent": " "}"#, "'agent' is blank"),
    (#"{"goal": "x", "from": "src"}"#, "neither an absolute path"), (#"{"task": 1}"#, "'task' is not known"),
  ])
  func jsonThatIsNoGoalIsRefused(written: String, why: String) {
    #expect(problem(written)?.contains(why) == true, "\(problem(written) ?? "taken")")
  }

  @Test(arguments: ["{ echo a; }", "{ }x", "{ \"ls\" -l; }", "{", "{a", "[1]"])
  func whatIsNotMeantAsJSONIsText(text: String) throws {
    #expect(try goal(text) == TaskRequest(goal: text))
  }

  @Test func theHelpThatAnEditorLeavesInIsDropped() throws {
    #expect(try goal(NewFile.help + "# Title\nwrite docs\n") == TaskRequest(goal: "# Title\nwrite docs"))
    #expect(try goal("write docs\n\n" + NewFile.help) == TaskRequest(goal: "write docs"))
    #expect(throws: Goal.Problem.self) { try goal(NewFile.help) }
    #expect(try Goal(written: "42\nmore", shown: "42\n").text == "more")
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
