import Foundation
import SystemPackage

@testable import beray_fs

/// Runs the built `beray-fs` in the environment of a ``Scratch``.
enum BuiltProgram {
  struct Result: Sendable {
    var status: Int32
    var output: String
    var errors: String
  }

  /// The program beside the test bundle.
  static var path: String {
    let executable = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
    let beside = URL(fileURLWithPath: executable).deletingLastPathComponent().appendingPathComponent("beray-fs").path
    if FileManager.default.isExecutableFile(atPath: beside) { return beside }
    return FileManager.default.currentDirectoryPath + "/.build/debug/beray-fs"
  }

  /// Runs it, or another program, to its end, at most 60 s.
  static func run(
    program: String = path, _ arguments: [String], in scratch: Scratch, input: String = "",
    adding: [String: String] = [:]
  ) throws -> Result {
    let name = UUID().uuidString
    let out = scratch.path.appending("\(name).out").string
    let errors = scratch.path.appending("\(name).err").string
    let source = scratch.path.appending("\(name).in").string
    try Data(input.utf8).write(to: URL(fileURLWithPath: source))
    for file in [out, errors] { _ = FileManager.default.createFile(atPath: file, contents: nil) }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/timeout")
    process.arguments = ["-k", "1", "60", program] + arguments
    process.environment = scratch.environment.merging(adding) { $1 }
    process.standardInput = try FileHandle(forReadingFrom: URL(fileURLWithPath: source))
    process.standardOutput = try FileHandle(forWritingTo: URL(fileURLWithPath: out))
    process.standardError = try FileHandle(forWritingTo: URL(fileURLWithPath: errors))
    try process.run()
    process.waitUntilExit()
    return Result(
      status: process.terminationStatus, output: try String(contentsOfFile: out, encoding: .utf8),
      errors: try String(contentsOfFile: errors, encoding: .utf8))
  }
}

/// A server in the foreground, ended with the last reference.
final class RunningServer: @unchecked Sendable {
  // Foundation's Process is not Sendable; it is touched by init and deinit alone.
  private let process = Process()
  let url: String

  /// - Parameter wrapper: a program that runs it, with its arguments.
  init(_ scratch: Scratch, _ arguments: [String], through wrapper: [String] = []) throws {
    let pipe = Foundation.Pipe()
    let words = wrapper + [BuiltProgram.path, "serve", "--port", "0"] + arguments
    process.executableURL = URL(fileURLWithPath: words[0])
    process.arguments = Array(words.dropFirst())
    process.environment = scratch.environment
    process.standardOutput = pipe
    process.standardError = FileHandle.nullDevice
    try process.run()
    var line = Data()
    while let byte = try pipe.fileHandleForReading.read(upToCount: 1), byte.first != 0x0A { line += byte }
    url = String(decoding: line, as: UTF8.self)
  }

  deinit { end() }

  func end() {
    process.terminate()
    process.waitUntilExit()
  }
}
