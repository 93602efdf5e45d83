import Beray
import BerayAPI
import SystemPackage
import Testing
import VFS

@testable import BerayFS

@Suite(.timeLimit(.minutes(5))) struct NamesTests {
  let bed = TreeBed()

  @Test func allNamesAreOneInode() async throws {
    let made = try await bed.mkdir("Write docs").attributes.inode
    for name in ["1-write-docs", "1", "Write docs"] { #expect(try await bed.inode(name) == made, "\(name)") }
    #expect(try await bed.tasks() == ["1-write-docs"])
    #expect(try await bed.readlink("last") == "1-write-docs")
  }

  @Test(arguments: ["01", "+1", "1-write", "1-Write-docs", "write docs", "Write docs "])
  func whatIsNearlyANameIsNone(name: String) async throws {
    try await bed.mkdir("Write docs")
    #expect(await errno(try await bed.lookup(name)) == .noSuchFileOrDirectory)
  }

  @Test func aListedNameGoesBeforeAText() async throws {
    let text = try await bed.mkdir("2-b").attributes.inode
    #expect(try await bed.inode("2-b") == text)
    bed.server.add("b")
    bed.time.advance(by: .seconds(2))
    bed.notices.clear()
    #expect(try await bed.tasks() == ["1-2-b", "2-b"])
    #expect(try await bed.inode("2-b") != text)
    #expect(bed.notices.all.contains("expire 2-b"), "the kernel remembers the name as the other task")
  }

  @Test func aTextOutlivesATaskThatWasListedUnderIt() async throws {
    let text = try await bed.mkdir("2-b").attributes.inode
    let other = bed.server.add("b")
    bed.time.advance(by: .seconds(2))
    _ = try await bed.ls()
    bed.server.drop(other)
    bed.time.advance(by: .seconds(2))
    #expect(try await bed.tasks() == ["1-2-b"])
    #expect(try await bed.inode("2-b") == text)
  }

  @Test func namesAreBytes() async throws {
    let (composed, decomposed) = ("r\u{e9}sum\u{e9}", "re\u{301}sume\u{301}")
    let first = try await bed.mkdir(composed).attributes.inode
    #expect(await errno(try await bed.lookup(decomposed)) == .noSuchFileOrDirectory)
    let second = try await bed.mkdir(decomposed).attributes.inode
    #expect(first != second)
    #expect(try await bed.inode(composed) == first)
    #expect(bed.server.created.map { Array($0.goal.utf8) } == [Array(composed.utf8), Array(decomposed.utf8)])
    #expect(
      try await bed.tasks().map { Array($0.utf8) } == [Array("1-\(composed)".utf8), Array("2-\(decomposed)".utf8)])
  }

  @Test func aTaskMadeElsewhereIsFoundByNameAtOnce() async throws {
    bed.server.add("a")
    #expect(try await bed.lookup("1-a").attributes.kind == .directory)
    #expect(await errno(try await bed.lookup("2-b")) == .noSuchFileOrDirectory)
    #expect(bed.server.count(.list) == 1)
    #expect(await errno(try await bed.lookup(".git")) == .noSuchFileOrDirectory)
    #expect(await errno(try await bed.lookup("AGENTS.md")) == .noSuchFileOrDirectory)
    #expect(bed.server.count(.list) == 1)
    // Also while the list is still good for who looks at it.
    let id = bed.server.add("b")
    bed.time.advance(by: .milliseconds(60))
    #expect(try await bed.lookup("\(id)").attributes.kind == .directory)
    #expect(try await bed.lookup("2-b").attributes.kind == .directory)
    #expect(bed.server.count(.list) == 2)
  }

  @Test func aNameNeverChanges() async throws {
    let id = bed.server.add("a")
    let inode = try await bed.inode("1-a")
    bed.server.change(id) { $0.goal = "b" }
    bed.time.advance(by: .seconds(2))
    #expect(try await bed.tasks() == ["1-a"])
    #expect(try await bed.inode("1-a") == inode)
  }

  @Test func theDirectoryOfATaskListsWhatNeverBlocks() async throws {
    bed.server.add("a")
    #expect(
      try await bed.ls("1-a") == [
        "id", "goal", "status", "task.json", "result", "error", "events", "events.log", "ctl", "files",
      ])
    for name in ["stream", "follow", "wait", "files.zip"] {
      #expect(try await bed.lookup("1-a/\(name)").attributes.kind == .regular)
    }
    #expect(try await bed.ls("1-a/files") == [])
    #expect(await errno(try await bed.mkdir("1-a/x")) == .notPermitted)
    #expect(try await bed.stat("1-a").permissions == 0o700)
    for (name, mode) in ["id": 0o400, "status": 0o400, "events": 0o400, "ctl": 0o600] as [String: UInt16] {
      #expect(try await bed.stat("1-a/\(name)").permissions == mode)
    }
  }
}
