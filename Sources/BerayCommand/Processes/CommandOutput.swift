import Glibc

/// Runs a program for what it prints.
enum CommandOutput {
  /// What `arguments` wrote to standard output, or nil where it failed, wrote more than `limit` bytes, or took longer than `timeout`: it is then killed.
  ///
  /// A read of a mount whose process hangs cannot be interrupted within this process; a child can be left behind.
  static func of(
    _ arguments: [String], timeout: Duration, limit: Int = 1 << 20,
    environment: [String: String] = ["PATH": "/usr/bin:/bin", "LC_ALL": "C"]
  ) -> [UInt8]? {
    guard let pipe = try? Pipe() else { return nil }
    defer { close(pipe.readEnd) }
    let spawn = Spawn(
      executable: arguments[0], arguments: arguments, environment: environment,
      output: .descriptor(pipe.writeEnd))
    let process = try? spawn.start()
    close(pipe.writeEnd)
    guard let process else { return nil }
    let deadline = ContinuousClock.now + timeout
    var bytes: [UInt8] = []
    var isWhole = false
    var piece = [UInt8](repeating: 0, count: 64 << 10)
    while bytes.count <= limit {
      let left = ContinuousClock.now.duration(to: deadline)
      let milliseconds = left.components.seconds * 1000 + left.components.attoseconds / 1_000_000_000_000_000
      var waiting = pollfd(fd: pipe.readEnd, events: Int16(POLLIN), revents: 0)
      guard milliseconds > 0, poll(&waiting, 1, Int32(clamping: milliseconds)) > 0 else { break }
      let count = read(pipe.readEnd, &piece, piece.count)
      guard count > 0 else {
        isWhole = count == 0
        break
      }
      bytes += piece[..<count]
    }
    if !isWhole { kill(process, SIGKILL) }
    var status: Int32 = 0
    // A child that hangs in the kernel is not waited for.
    let ended = waitpid(process, &status, isWhole ? 0 : WNOHANG) == process
    return isWhole && ended && status == 0 ? bytes : nil
  }
}
