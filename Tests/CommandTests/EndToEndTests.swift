import BerayAPI
import Foundation
import LinuxSystem
import SystemPackage
import Testing

@testable import BerayCommand

/// The built program, by process, against servers that it starts.
@Suite(.serialized) struct EndToEndTests {
  private let scratch = Scratch()

  private func run(_ arguments: String..., input: String = "") throws -> BuiltProgram.Result {
    try BuiltProgram.run(arguments, in: scratch, input: input)
  }

  @Test func anIdleLocalServerGivesWayToServe() throws {
    defer { endLocalServer() }
    #expect(try run("task", "list").status == 0)
    let idle = try #require(LocalServerProcess(at: scratch.paths.serverSocket))
    #expect(idle.startedByItself && idle.agent == "demo")
    do {
      let server = try RunningServer(scratch, ["--agent", "shell"])
      #expect(server.url.hasPrefix("http://127.0.0.1:"))
      let process = try #require(LocalServerProcess(at: scratch.paths.serverSocket))
      #expect(process.id != idle.id && !process.startedByItself && process.agent == "shell")
      let second = try run("serve", "--port", "0")
      #expect(second.status == 1 && second.errors.contains("process \(process.id)"), "\(second.errors)")
    }
    // The next command starts one again.
    #expect(try run("task", "list").status == 0)
  }

  @Test func theOptionsOfARunningServerAreReadAsTheyWereGiven() throws {
    defer { endLocalServer() }
    #expect(try run("task", "list").status == 0)
    let running = try #require(LocalServerProcess(at: scratch.paths.serverSocket))
    #expect(running.agentOptions == [] && running.arguments.last == "3")
  }

  /// Ends the server that commands have started by themselves.
  private func endLocalServer() {
    guard let server = LocalServerProcess(at: scratch.paths.serverSocket), server.startedByItself,
      let process = try? ProcessHandle(server.id)
    else { return }
    for signal in [SIGTERM, SIGKILL] {
      try? process.send(signal)
      if process.hasEnded(within: .seconds(20)) { return }
    }
  }

  @Test func theLocalServerStartsByItselfOnce() async throws {
    defer { endLocalServer() }
    #expect(try run("status").output.contains("not running"))
    #expect(try run("status", "--json").status == 0)
    let results = try await withThrowingTaskGroup(of: BuiltProgram.Result.self) { group in
      for _ in 0..<4 { group.addTask { [scratch] in try BuiltProgram.run(["whoami"], in: scratch) } }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    for result in results { #expect(result.status == 0 && result.output == "local@localhost\n", "\(result.errors)") }
    let status = try JSON(parsing: run("status", "--json").output.trimmingCharacters(in: .newlines))
    #expect(status["server"]?["running"]?.boolValue == true)
    let token = try JSON(parsing: run("whoami", "--show-token", "--json").output)["token"]?.stringValue
    #expect(try token == Password.read(scratch.paths.data.appending("token")))
    #expect(try scratch.mode(of: scratch.paths.data) == 0o700)
  }

  @Test func aTaskFromItsCreationToItsDeletion() throws {
    let server = try RunningServer(scratch, ["--agent", "shell"])
    _ = server
    let created = try run("task", "create", "-", input: "echo one; echo two > out.txt\n")
    #expect(created.status == 0, "\(created.errors)")
    let id = created.output.trimmingCharacters(in: .newlines)
    #expect(Int(id) != nil)
    let streamed = try run("task", "stream", id)
    #expect(streamed.output.contains(" one\n"))
    #expect(streamed.output.contains("COMPLETED"))
    let waited = try run("task", "wait", id)
    #expect(waited.status == 0 && waited.output == "COMPLETED\n")
    #expect(try run("file", "get", id, "out.txt").output == "two\n")
    #expect(try run("file", "put", id, "-", "sub/in.txt", input: "three").status == 0)
    #expect(try run("file", "list", id, "sub").output.contains("in.txt"))
    let archive = scratch.path.appending("all.zip").string
    #expect(try run("file", "zip", id, "-o", archive).status == 0)
    #expect(FileManager.default.contents(atPath: archive)?.starts(with: Data("PK".utf8)) == true)
    #expect(try run("task", "list").output.contains("echo one"))
    #expect(try JSON(parsing: run("task", "show", id, "--json").output)["id"]?.intValue == Int64(id))
    #expect(try run("task", "delete", id).status == 0)
    let gone = try run("task", "show", id)
    #expect(gone.status == 1 && gone.output.isEmpty && gone.errors.hasPrefix("beray-fs: "))
  }

  @Test func largeFilesArriveWhole() throws {
    let server = try RunningServer(scratch, ["--agent", "shell"])
    _ = server
    let id = try run("task", "create", "true").output.trimmingCharacters(in: .newlines)
    // Bytes that no ZIP makes smaller.
    var random = SystemRandomNumberGenerator()
    let bytes = (0..<(5 << 17)).flatMap { _ in withUnsafeBytes(of: random.next()) { Array($0) } }
    let source = scratch.path.appending("large").string
    try Data(bytes).write(to: URL(fileURLWithPath: source))
    #expect(try run("file", "put", id, source).status == 0)
    let copy = scratch.path.appending("copy").string
    #expect(try run("file", "get", id, "large", "-o", copy).status == 0)
    #expect(FileManager.default.contents(atPath: copy) == Data(bytes))
    let archive = scratch.path.appending("large.zip").string
    #expect(try run("file", "zip", id, "-o", archive).status == 0)
    #expect((FileManager.default.contents(atPath: archive)?.count ?? 0) > bytes.count)
  }

  @Test func theEndOfATaskIsTheExitStatus() throws {
    let server = try RunningServer(scratch, ["--agent", "shell"])
    _ = server
    let id = try run("task", "create", "exit 3").output.trimmingCharacters(in: .newlines)
    let result = try run("task", "wait", id)
    #expect(result.status == 3 && result.output == "FAILED\n")
    let followed = try run("task", "create", "echo one; exit 1", "--follow")
    #expect(followed.status == 3 && followed.output.contains(" one\n") && followed.output.contains("FAILED"))
    let stopped = try run("task", "create", "-q", "sleep 100").output.trimmingCharacters(in: .newlines)
    #expect(try run("task", "stop", "last").status == 0)
    #expect(try run("task", "wait", stopped).status == 4)
  }

  @Test func loginKeepsAndLogoutForgets() throws {
    let server = try RunningServer(scratch, ["--data", scratch.path.appending("data").string])
    let wrong = try run("login", "--url", server.url, "a@b.c", "--password-stdin", input: "wrong\n")
    #expect(wrong.status == 1)
    #expect(try run("task", "list", "--url", server.url).status == 1)
    let token = try Password.read(scratch.path.appending("data/token"))
    try scratch.write(token, to: scratch.path.appending("t"))
    let who = try run("whoami", "--url", server.url, "--token-file", scratch.path.appending("t").string)
    #expect(who.output == "local@localhost\n", "\(who.errors)")
    try CredentialStore(path: scratch.paths.credentialsFile).keep(.init(email: nil, token: token), for: server.url)
    #expect(try run("whoami", "--url", server.url).status == 0)
    #expect(try run("logout", "--url", server.url).status == 0)
    #expect(try run("whoami", "--url", server.url).status == 1)
  }

  @Test func exitStatuses() throws {
    let version = try run("--version").output
    #expect(
      version.contains(/^beray-fs [0-9]+\.[0-9]+\.[0-9]+ \((commit [0-9a-f]{12}, )?libfuse 3\.[0-9.]+\)\n$/),
      "\(version)")
    #expect(try run("--help").status == 0)
    #expect(try run("task", "show", "x").status == 2)
    #expect(try run("--no-such-option").status == 2)
    #expect(try run("/nowhere/m", "-o", "wat").status == 2)
    let refused = try run("task", "list", "--url", "http://127.0.0.1:1")
    #expect(refused.status == 1 && refused.output.isEmpty)
    #expect(try run("unmount", "/").status == 1)
  }
}
