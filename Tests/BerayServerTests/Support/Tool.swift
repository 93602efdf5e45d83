import Foundation

/// Programs that tests run to their end.
enum Tool {
  /// - Returns: its exit status, and what it wrote to stdout and stderr.
  static func run(_ arguments: [String], input: String = "") async throws -> (status: Int32, output: String) {
    try await offCooperativePool {
      let process = Process()
      process.executableURL = URL(filePath: "/usr/bin/env")
      process.arguments = arguments
      let (source, sink) = (Pipe(), Pipe())
      (process.standardInput, process.standardOutput, process.standardError) = (source, sink, sink)
      try process.run()
      source.fileHandleForWriting.write(Data(input.utf8))
      // The program may take the end of its input for the end of its work: it comes after the answer.
      let output = sink.fileHandleForReading.readDataToEndOfFile()
      try source.fileHandleForWriting.close()
      process.waitUntilExit()
      return (process.terminationStatus, String(decoding: output, as: UTF8.self))
    }
  }
}
