import Foundation
import Testing

@testable import BerayServer

@Suite struct ArchiveTests {
  @Test func aPathGivenTwiceIsInTheArchiveOnce() throws {
    let directory = TestServer.temporaryDirectory()
    defer { try? FileManager.default.removeItem(atPath: directory) }
    for name in ["d", "d/e", "d2"] { mkdir(directory + "/" + name, 0o755) }
    for name in ["d/e/f", "d2/g", "h"] {
      try "x".write(toFile: directory + "/" + name, atomically: true, encoding: .utf8)
    }
    let paths = try ["h", "d/e/f", "./h", "d", "d2/g", "d/e", "d"].map { try RelativePath($0) }
    let source = try ArchiveSource(paths, in: AgentDirectory(path: directory, temporary: directory))
    var bytes: [UInt8] = []
    while !source.isFinished { bytes += try source.next(atLeast: 1 << 20) }
    let text = String(decoding: bytes, as: UTF8.self)
    // A name stands before its file, and in the directory at the end.
    for name in ["d/e/f", "d2/g"] { #expect(text.components(separatedBy: name).count == 3, "\(name)") }
  }
}
