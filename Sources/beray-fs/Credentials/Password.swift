import Glibc
import SystemPackage

/// Asks for secrets without showing them.
enum Password {
  /// The password: the first line of standard input where `fromStandardInput`, else asked for on the terminal.
  static func obtain(prompt: String, fromStandardInput: Bool) throws(CommandError) -> String {
    if fromStandardInput {
      guard let line = Swift.readLine(strippingNewline: true), !line.isEmpty else {
        throw .badUse("standard input has no password", advice: "give it as one line")
      }
      return line
    }
    return try ask(prompt, hidden: true)
  }

  /// Asks on the controlling terminal, whatever standard input and output are.
  static func ask(_ prompt: String, hidden: Bool) throws(CommandError) -> String {
    let terminal = open("/dev/tty", O_RDWR | O_CLOEXEC)
    guard terminal >= 0 else {
      throw .badUse("there is no terminal to ask on", advice: hidden ? "use --password-stdin" : "give it as an option")
    }
    defer { close(terminal) }
    write(prompt + ": ", to: terminal)
    var before = termios()
    let isTerminal = tcgetattr(terminal, &before) == 0
    if hidden, isTerminal {
      var quiet = before
      quiet.c_lflag &= ~tcflag_t(ECHO)
      tcsetattr(terminal, TCSAFLUSH, &quiet)
    }
    // An interrupt would leave the terminal without its echo: the default action waits until the line is read.
    var mask = sigset_t()
    var maskBefore = sigset_t()
    sigemptyset(&mask)
    for signal in [SIGINT, SIGTERM, SIGTSTP, SIGHUP] { sigaddset(&mask, signal) }
    pthread_sigmask(SIG_BLOCK, &mask, &maskBefore)
    defer { pthread_sigmask(SIG_SETMASK, &maskBefore, nil) }
    let line = readLine(from: terminal, interruptible: mask)
    if hidden, isTerminal {
      tcsetattr(terminal, TCSAFLUSH, &before)
      write("\n", to: terminal)
    }
    guard let line, !line.isEmpty else { throw CommandError("nothing was typed", advice: "try again") }
    return line
  }

  /// The secret in a file: its first line.
  static func read(_ path: FilePath) throws(CommandError) -> String {
    guard let bytes = try PrivateFile.read(path) else {
      throw CommandError("\(path) is not there", advice: "check the path")
    }
    let line = String(decoding: bytes.prefix { $0 != 0x0A && $0 != 0x0D }, as: UTF8.self)
    guard !line.isEmpty else { throw CommandError("\(path) is empty", advice: "write the secret into its first line") }
    return line
  }

  /// A line from the terminal; nil at its end, or when one of `signals` is pending (which then acts as the mask is restored).
  private static func readLine(from terminal: Int32, interruptible signals: sigset_t) -> String? {
    var bytes: [UInt8] = []
    while true {
      var waiting = pollfd(fd: terminal, events: Int16(POLLIN), revents: 0)
      let ready = poll(&waiting, 1, 200)
      var pending = sigset_t()
      sigpending(&pending)
      if [SIGINT, SIGTERM, SIGTSTP, SIGHUP].contains(where: { sigismember(&pending, $0) == 1 }) { return nil }
      guard ready > 0 else { continue }
      var byte: UInt8 = 0
      let count = Glibc.read(terminal, &byte, 1)
      if count < 0, errno == EINTR { continue }
      if count <= 0 { return bytes.isEmpty ? nil : String(decoding: bytes, as: UTF8.self) }
      if byte == 0x0A { return String(decoding: bytes, as: UTF8.self) }
      bytes.append(byte)
    }
  }

  private static func write(_ text: String, to terminal: Int32) {
    let bytes = Array(text.utf8)
    _ = Glibc.write(terminal, bytes, bytes.count)
  }
}
