import CFuse
import Glibc
import Logging
import Synchronization
import Testing
import VFS

@testable import Fuse

/// A ``MemoryFileSystem`` mounted on a directory of its own.
struct TestMount {
  let fileSystem: MemoryFileSystem
  let session: FuseSession
  let path: String
  let log: LogLines

  /// Mounts, runs `body`, unmounts and removes the directory, whatever happens in between.
  static func with(
    _ fileSystem: MemoryFileSystem = MemoryFileSystem(), operations: fuse_lowlevel_ops = makeOperationTable(),
    options: FuseOptions = FuseOptions(fileSystemName: "memory, test"), _ body: (TestMount) async throws -> Void
  ) async throws {
    let path = try temporaryDirectory()
    let log = LogLines()
    let session = try FuseSession(
      mountpoint: path, options: options, fileSystem: fileSystem,
      logger: Logger(label: "fuse-tests") { _ in LogLinesHandler(lines: log) }, operations: operations)
    try session.start()
    let mount = TestMount(fileSystem: fileSystem, session: session, path: path, log: log)
    do {
      try await body(mount)
    } catch {
      _ = await session.unmount()
      throw error
    }
    #expect(await session.unmount() == .unmounted)
    #expect(MountTable.current().mount(at: path) == nil)
    #expect(rmdir(path) == 0)
  }

  static func temporaryDirectory() throws -> String {
    var template = Array("/tmp/fuse-tests-XXXXXX".utf8CString)
    return try #require(mkdtemp(&template).map { String(cString: $0) })
  }

  /// Runs `script` by /bin/sh in the mount.
  func sh(_ script: String, within seconds: Double = 30) async throws -> Command.Result {
    try await run(["/bin/sh", "-c", script], within: seconds)
  }

  /// Runs `script` by python3 in the mount.
  func python(_ script: String, within seconds: Double = 30) async throws -> Command.Result {
    try await run(["python3", "-c", script], within: seconds)
  }

  func run(_ arguments: [String], within seconds: Double = 30) async throws -> Command.Result {
    try await result(of: Command(arguments, in: path), within: seconds)
  }

  func result(of command: Command, within seconds: Double = 30) async throws -> Command.Result {
    let mount = MountTable.current().mount(at: path)
    return try await command.result(within: seconds) {
      // Frees whoever hangs in the kernel, so that a failure ends the test and not the machine.
      if let mount { Unmounter(mount).abort() }
    }
  }

  /// Returns when `operation` has reached the file system `count` times.
  func waitForCalls(of operation: String, count: Int = 1) async throws {
    let deadline = ContinuousClock.now + .seconds(20)
    while fileSystem.calls(of: operation) < count {
      try #require(ContinuousClock.now < deadline, "no \(operation) came")
      await Task.yield()
    }
  }
}

/// The lines that were logged.
final class LogLines: Sendable {
  private let lines = Mutex<[String]>([])
  func add(_ line: String) { lines.withLock { $0.append(line) } }
  var all: [String] { lines.withLock { $0 } }
}

struct LogLinesHandler: LogHandler {
  let lines: LogLines
  var metadata: Logger.Metadata = [:]
  var logLevel = Logger.Level.debug
  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }
  func log(event: LogEvent) { lines.add("\(event.level): \(event.message)") }
}
