import Glibc

/// A process in the background that has said that it serves.
enum BackgroundProcess {
  /// Starts this program again with `arguments` (without its name) in a session of its own, and waits until it serves.
  /// - Parameter log: takes its standard output and error.
  /// - Throws: ``CommandError`` with the reason that the process gave.
  static func start(
    arguments: [String], environment: [String: String], log: Spawn.Stream
  ) throws(CommandError) {
    let pipe = try Pipe()
    defer { close(pipe.readEnd) }
    let spawn = Spawn(
      executable: Spawn.ownExecutable, arguments: ["beray-fs"] + arguments, environment: environment, output: log,
      errors: log, extra: pipe.writeEnd, isDetached: true)
    let process: pid_t
    do { process = try spawn.start() } catch {
      close(pipe.writeEnd)
      throw error
    }
    close(pipe.writeEnd)
    var said: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = read(pipe.readEnd, &piece, piece.count)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { break }
      said += piece[..<count]
    }
    let text = String(decoding: said, as: UTF8.self)
    if text == "ready\n" { return }
    var status: Int32 = 0
    while waitpid(process, &status, 0) < 0, errno == EINTR {}
    if text.isEmpty {
      throw CommandError("the process in the background ended (wait status \(status)) without a word")
    }
    // The reason comes as a whole sentence with its advice.
    throw CommandError(text.hasSuffix("\n") ? String(text.dropLast()) : text, status: status == 2 << 8 ? 2 : 1)
  }
}
