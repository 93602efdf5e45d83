import Glibc
import LinuxSystem
import SystemPackage

/// Asks for secrets without showing them.
enum Password {
  /// Reads the password from the first line of standard input, or asks for it on the terminal.
  static func obtain(
    prompt: String, fromStandardInput: Bool, in context: Context
  ) throws(CommandError) -> String {
    guard fromStandardInput else { return try context.terminal.ask(prompt, true) }
    let line = try context.input.line()
    guard !line.isEmpty else {
      throw .badUse("standard input has no password", advice: "give it as one line")
    }
    return line
  }

  /// Asks on the controlling terminal, even if standard input and output are redirected.
  static func ask(_ prompt: String, hidden: Bool) throws(CommandError) -> String {
    let terminal = open("/dev/tty", O_RDWR | O_CLOEXEC)
    guard terminal >= 0 else {
      throw .badUse("there is no terminal to ask on", advice: hidden ? "use --password-stdin" : "give it as an option")
    }
    defer { close(terminal) }
    while true {
      write(prompt + ": ", to: terminal)
      switch try answer(on: terminal, hidden: hidden) {
      case .line(let line):
        guard !line.isEmpty else { throw CommandError("nothing was typed", advice: "try again") }
        return line
      case .signal(let number):
        // Ends the process, or stops it until the shell continues it. Then the loop asks again.
        Signals.act(number)
      }
    }
  }

  private enum Answer {
    case line(String)
    case signal(Int32)
  }

  /// A line from the terminal, or the signal that came first. Restores the terminal in both cases.
  private static func answer(on terminal: Int32, hidden: Bool) throws(CommandError) -> Answer {
    // Catch signals before the echo goes off. A signal that ended the process would leave it off.
    let signals = try SignalPipe(catching: [SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP])
    defer { signals.restore() }
    var before = termios()
    let isQuiet = hidden && tcgetattr(terminal, &before) == 0
    if isQuiet {
      var quiet = before
      quiet.c_lflag &= ~tcflag_t(ECHO)
      tcsetattr(terminal, TCSAFLUSH, &quiet)
    }
    defer {
      if isQuiet {
        tcsetattr(terminal, TCSAFLUSH, &before)
        write("\n", to: terminal)
      }
    }
    return readLine(from: terminal, or: signals)
  }

  /// Reads a secret from the first line of a file.
  static func read(_ path: FilePath) throws(CommandError) -> String {
    guard let bytes = try PrivateFile.read(path) else {
      throw CommandError("\(path) is not there", advice: "check the path")
    }
    let line = String(decoding: bytes.prefix { $0 != 0x0A && $0 != 0x0D }, as: UTF8.self)
    guard !line.isEmpty else { throw CommandError("\(path) is empty", advice: "write the secret into its first line") }
    return line
  }

  private static func readLine(from terminal: Int32, or signals: SignalPipe) -> Answer {
    var bytes: [UInt8] = []
    while true {
      var waiting = [terminal, signals.readEnd.rawValue].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
      guard poll(&waiting, 2, -1) > 0 else { continue }
      var byte: UInt8 = 0
      if waiting[1].revents != 0, Glibc.read(signals.readEnd.rawValue, &byte, 1) == 1 { return .signal(Int32(byte)) }
      guard waiting[0].revents != 0 else { continue }
      let count = Glibc.read(terminal, &byte, 1)
      if count < 0, errno == EINTR { continue }
      guard count > 0, byte != 0x0A else { return .line(String(decoding: bytes, as: UTF8.self)) }
      bytes.append(byte)
    }
  }

  private static func write(_ text: String, to terminal: Int32) {
    let bytes = Array(text.utf8)
    _ = Glibc.write(terminal, bytes, bytes.count)
  }
}
