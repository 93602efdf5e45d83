import Beray
import BerayAPI
import Foundation
import SystemPackage
import Testing
import VFS

@testable import BerayFS

/// Where the bytes are that no server took.
@Suite struct RescueTests {
  private let directory = "/tmp/files-tests/rescue-\(UInt64.random(in: 0 ... .max))"
  private let time = Timestamp(seconds: 1_800_000_000)

  private var index: [JSON] {
    get throws {
      try String(contentsOfFile: directory + "/index.jsonl", encoding: .utf8).split(separator: "\n").map {
        try JSON(parsing: String($0))
      }
    }
  }

  @Test(arguments: [
    "7-t/files/f", "new", "7-t/files/" + String(repeating: "n", count: 255),
    "7-t/files/" + String(repeating: String(repeating: "d", count: 200) + "/", count: 23) + "f",
    "7-t/files/a\u{1}b\nc \u{e9}", "7-t/files/" + String(repeating: "\u{1F600}", count: 63),
  ])
  func everyPathIsSavedAsOftenAsItComes(_ path: String) throws {
    let rescue = Rescue(directory: directory)
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let files = try ["first", "second"].map { try rescue.save(Array($0.utf8), as: path, at: time) }
    #expect(Set(files.map(\.savedAs)).count == 2)
    for (file, text) in zip(files, ["first", "second"]) {
      #expect(file.path == path)
      #expect(try String(contentsOfFile: file.savedAs, encoding: .utf8) == text)
    }
    let index = try index
    #expect(index.map { $0["path"]?.stringValue } == [path, path])
    #expect(
      index.map { directory + "/" + ($0["file"]?.stringValue ?? "") } == files.map(\.savedAs))
    #expect(try String(contentsOfFile: directory + "/README.md", encoding: .utf8).contains("index.jsonl"))
  }

  @Test func whatCannotBeSavedLeavesNoHalf() throws {
    #expect(throws: Errno.notDirectory) { try Rescue(directory: "/dev/null/x").save([1], as: "f", at: time) }
  }
}
