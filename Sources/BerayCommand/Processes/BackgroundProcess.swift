import Dispatch
import Glibc
import LinuxSystem
import SystemPackage

/// Starts processes in the background.
enum BackgroundProcess {
  /// How long the process may take to become ready, in seconds. Longer than every deadline within it.
  static let readyLimit = 60

  /// Starts this program with `arguments` (without its name) in a new session, and waits until it serves.
  /// - Parameter log: receives the process's standard output and error.
  /// - Throws: ``CommandError`` with the reason that the process gave.
  static func start(
    arguments: [String], environment: [String: String], input: Spawn.Stream = .null, log: Spawn.Stream
  ) throws(CommandError) {
    let pipe = try CommandError.calling("make a pipe") { () throws(Errno) in try Pipe() }
    let spawn = Spawn(
      executable: Spawn.ownExecutable, arguments: ["beray-fs"] + arguments, environment: environment, input: input,
      output: log, errors: log, extra: pipe.writeEnd.rawValue, leadsSession: true, directory: "/")
    let process = try CommandError.calling("start \(spawn.executable)", spawn.start)
    pipe.writeEnd.close()
    let said = try? pipe.readEnd.readAll(before: .now + .seconds(readyLimit))
    guard let said, said.isWhole else {
      kill(process, SIGTERM)
      reap(process)
      throw CommandError("the process in the background does not serve after \(readyLimit) s")
    }
    let text = String(decoding: said.bytes, as: UTF8.self)
    if text == "ready\n" { return reap(process) }
    let status = ProcessHandle.reap(process)
    if text.isEmpty {
      throw CommandError("the process in the background ended (\(status)) and gave no reason")
    }
    // The reason is already a whole sentence with its advice.
    let reason = text.hasSuffix("\n") ? String(text.dropLast()) : text
    // A process that gave a reason has failed, however it ended then.
    guard case .exited(let code) = status, code > 0 else { throw CommandError(reason) }
    throw CommandError(reason, status: code)
  }

  /// Waits for the end on another thread, so that the process does not stay a zombie while this one lives.
  private static func reap(_ process: pid_t) {
    DispatchQueue.global().async { ProcessHandle.reap(process) }
  }
}
