import Glibc

/// A process in the background that has said that it serves.
enum BackgroundProcess {
  /// Starts this program again with `arguments` (without its name) in a session of its own, and waits until it serves.
  /// - Parameter log: takes its standard output and error.
  /// - Throws: ``CommandError`` with the reason that the process gave.
  static func start(
    arguments: [String], environment: [String: String], log: Spawn.Stream
  ) throws(CommandError) {
    var ends: [Int32] = [-1, -1]
    guard pipe2(&ends, O_CLOEXEC) == 0 else { throw .system("make a pipe", errno) }
    defer { close(ends[0]) }
    let spawn = Spawn(
      executable: Spawn.ownExecutable, arguments: ["beray-fs"] + arguments, environment: environment, output: log,
      errors: log, extra: ends[1], isDetached: true)
    let process: pid_t
    do { process = try spawn.start() } catch {
      close(ends[1])
      throw error
    }
    close(ends[1])
    var said: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = read(ends[0], &piece, piece.count)
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
