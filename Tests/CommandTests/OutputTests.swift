import Beray
import BerayAPI
import Testing

@testable import BerayCommand

@Suite struct OutputTests {
  @Test func errorsSayWhatFailedAndWhatToDo() {
    #expect(ErrorText.line(for: CommandError("it broke", advice: "mend it")) == "beray-fs: it broke: mend it")
    let error = BerayError(
      .authentication, status: 401, detail: "Not \u{1B}[31mauthenticated", operation: "GET users/me")
    let line = ErrorText.line(for: error)
    #expect(line.hasPrefix("beray-fs: Not "))
    #expect(line.contains("login"))
    #expect(!line.contains("\u{1B}"))
  }

  @Test func tablesAlignAndEscape() {
    var table = Table("ID", "GOAL")
    table.append("1", "\u{1B}[2J")
    table.append("1000", "写")
    #expect(table.lines[0] == "ID    GOAL")
    #expect(table.lines[2] == "1000  写")
    #expect(!table.lines[1].contains("\u{1B}"))
    #expect(TerminalText.width("写a") == 3)
    #expect(TerminalText.cut("写写写", to: 5) == "写写…" && TerminalText.cut("写写写", to: 6) == "写写写")
  }

  @Test func sizesAreForPeople() {
    #expect(Progress.size(1023) == "1023 B")
    #expect(Progress.size(1536) == "1.5 KiB")
    #expect(Progress.text("f", 512, of: 1024, after: .zero) == "f: 512 B of 1.0 KiB, 50 %")
    #expect(
      Progress.text("f", 512, of: 1024, after: .seconds(4)) == "f: 512 B of 1.0 KiB, 50 %, 128 B/s, 4s left")
    #expect(Progress.text("f", 512, of: nil, after: .seconds(4)) == "f: 512 B, 128 B/s")
  }

  @Test func longGoalsAreCut() {
    #expect(GoalText.firstLine("one\ntwo") == "one…")
    #expect(GoalText.firstLine("short") == "short")
  }
}
