import Glibc
import SystemPackage
import Testing

@testable import BerayCommand

@Suite struct LogFileTests {
  private func text(_ path: FilePath) -> String? {
    guard let stream = fopen(path.string, "r") else { return nil }
    defer { fclose(stream) }
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = fread(&bytes, 1, bytes.count, stream)
    return String(decoding: bytes[..<count], as: UTF8.self)
  }

  private func withFile(limit: Int64, _ body: (LogFile, FilePath) throws -> Void) throws {
    var template = Array("/tmp/beray-fs-log-XXXXXX".utf8CString)
    let directory = FilePath(try #require(mkdtemp(&template).map { String(cString: $0) }))
    let path = directory.appending("log")
    defer {
      for name in ["log", "log.1", "log.moved"] { unlink(directory.appending(name).string) }
      rmdir(directory.string)
    }
    try body(try LogFile(path, limit: limit), path)
  }

  @Test func itBeginsAnewAtItsLimitAndKeepsOneOlderFile() throws {
    try withFile(limit: 12) { file, path in
      for number in 1...7 { file.append(Array("line\(number)\n".utf8)) }
      #expect(text(path) == "line7\n")
      #expect(text(FilePath(path.string + ".1")) == "line5\nline6\n")
    }
  }

  @Test func aFileThatWasMovedAwayIsFollowedByANewOne() throws {
    try withFile(limit: 1 << 20) { file, path in
      file.append(Array("old\n".utf8))
      #expect(rename(path.string, path.string + ".moved") == 0)
      file.append(Array("new\n".utf8))
      #expect(text(path) == "new\n")
      #expect(text(FilePath(path.string + ".moved")) == "old\n")
      #expect(unlink(path.string) == 0)
      file.append(Array("newest\n".utf8))
      #expect(text(path) == "newest\n")
    }
  }
}
