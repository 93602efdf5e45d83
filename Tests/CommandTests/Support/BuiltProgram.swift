import Foundation
import LinuxSystem
import Synchronization
import SystemPackage
import Testing

@testable import BerayCommand

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
    let out = scratch.path.appending("\(name).out")
    let errors = scratch.path.appending("\(name).err")
    let source = scratch.path.appending("\(name).in")
    try Data(input.utf8).write(to: URL(fileURLWithPath: source.string))
    let reader = try FileHandle(forReadingFrom: URL(fileURLWithPath: source.string))
    defer { try? reader.close() }
    // What the program leaves behind inherits nothing of this process, so that its end is seen all the same.
    let process = try Spawn(
      executable: "/usr/bin/timeout", arguments: ["timeout", "-k", "1", "60", program] + arguments,
      environment: scratch.environment.merging(adding) { $1 }, input: .descriptor(reader.fileDescriptor),
      output: .appending(out), errors: .appending(errors)
    ).start()
    let status = end(of: process)
    return Result(
      status: status, output: try String(contentsOfFile: out.string, encoding: .utf8),
      errors: try String(contentsOfFile: errors.string, encoding: .utf8))
  }

  /// Waits for it.
  /// - Returns: the exit status, or 128 and the number of the signal that ended it.
  fileprivate static func end(of process: pid_t) -> Int32 {
    switch ProcessHandle.reap(process) {
    case .exited(let code): code
    case .signalled(let signal): 128 + signal
    }
  }
}

/// A server in the foreground, ended with the last reference.
final class RunningServer: Sendable {
  private let process: pid_t
  private let hasEnded = Mutex(false)
  let url: String

  /// - Parameter wrapper: a program that runs it, with its arguments.
  init(_ scratch: Scratch, _ arguments: [String], through wrapper: [String] = []) throws {
    let pipe = try LinuxSystem.Pipe()
    // One that does not end when it is asked to is killed.
    let words = ["timeout", "-k", "20", "600"] + wrapper + [BuiltProgram.path, "serve", "--port", "0"] + arguments
    process = try Spawn(
      executable: "/usr/bin/timeout", arguments: words, environment: scratch.environment,
      output: .descriptor(pipe.writeEnd.rawValue)
    ).start()
    pipe.writeEnd.close()
    var line: [UInt8] = []
    var byte: UInt8 = 0
    while read(pipe.readEnd.rawValue, &byte, 1) == 1, byte != UInt8(ascii: "\n") { line.append(byte) }
    url = String(decoding: line, as: UTF8.self)
  }

  deinit { end() }

  func end() {
    hasEnded.withLock { hasEnded in
      guard !hasEnded else { return }
      hasEnded = true
      kill(process, SIGTERM)
      #expect(BuiltProgram.end(of: process) != 128 + SIGKILL, "the server did not end when it was asked to")
    }
  }
}
