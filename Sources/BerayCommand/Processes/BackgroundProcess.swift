import Dispatch
import Glibc

/// A process in the background that has said that it serves.
enum BackgroundProcess {
  /// How long it may take to say so, in seconds: longer than every deadline that it keeps itself.
  static let readyLimit = 60

  /// Starts this program again with `arguments` (without its name) in a session of its own, and waits until it serves.
  /// - Parameter log: takes its standard output and error.
  /// - Throws: ``CommandError`` with the reason that the process gave.
  static func start(
    arguments: [String], environment: [String: String], input: Spawn.Stream = .null, log: Spawn.Stream
  ) throws(CommandError) {
    let pipe = try Pipe()
    defer { close(pipe.readEnd) }
    let spawn = Spawn(
      executable: Spawn.ownExecutable, arguments: ["beray-fs"] + arguments, environment: environment, input: input,
      output: log, errors: log, extra: pipe.writeEnd, isDetached: true)
    let process: pid_t
    do { process = try spawn.start() } catch {
      close(pipe.writeEnd)
      throw error
    }
    close(pipe.writeEnd)
    guard let text = firstWords(pipe.readEnd) else {
      kill(process, SIGTERM)
      reap(process)
      throw CommandError("the process in the background does not serve after \(readyLimit) s")
    }
    if text == "ready\n" { return reap(process) }
    var status: Int32 = 0
    while waitpid(process, &status, 0) < 0, errno == EINTR {}
    if text.isEmpty {
      throw CommandError("the process in the background ended (wait status \(status)) without a word")
    }
    // The reason comes as a whole sentence with its advice.
    throw CommandError(text.hasSuffix("\n") ? String(text.dropLast()) : text, status: max(1, status >> 8))
  }

  /// All that comes until the other end is closed; nil where that is not in time.
  private static func firstWords(_ descriptor: Int32) -> String? {
    let deadline = ContinuousClock.now + .seconds(readyLimit)
    var said: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 4096)
    while true {
      let left = Int32((deadline - .now) / .milliseconds(1))
      var readable = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      guard left > 0 else { return nil }
      guard poll(&readable, 1, left) > 0 else { continue }
      let count = read(descriptor, &piece, piece.count)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return String(decoding: said, as: UTF8.self) }
      said += piece[..<count]
    }
  }

  /// Waits for its end elsewhere, so that it leaves no zombie where this process lives on.
  private static func reap(_ process: pid_t) {
    DispatchQueue.global().async {
      var status: Int32 = 0
      while waitpid(process, &status, 0) < 0, errno == EINTR {}
    }
  }
}
