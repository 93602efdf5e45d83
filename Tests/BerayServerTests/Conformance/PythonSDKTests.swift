import BerayServer
import Foundation
import Testing

@Suite struct PythonSDKTests {
  /// The reference client, PyPI `beray` 0.1.2, in a virtual environment that scripts/test makes.
  @Test(.timeLimit(.minutes(5))) func thePythonSDKWorksUnchanged() async throws {
    let python = ProcessInfo.processInfo.environment["BERAY_PYTHON"] ?? ".build/python/bin/python"
    try #require(
      FileManager.default.isExecutableFile(atPath: python),
      "\(python) is missing: scripts/test makes it, with `pip install beray==0.1.2`")
    let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "conformance.py").path
    try await TestServer.run { server in
      let log = server.dataDirectory + "/log.txt"
      server.log.mirror(to: log)
      let port = try #require(server.addresses.port)
      let (status, output) = try await offCooperativePool {
        let process = Process()
        process.executableURL = URL(filePath: python)
        process.arguments = [script, "http://127.0.0.1:\(port)", log]
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        let output = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: output, as: UTF8.self))
      }
      #expect(status == 0, "\(output)")
      #expect(output.contains("all 16 methods"))
    }
  }
}
