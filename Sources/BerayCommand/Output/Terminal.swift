import BerayAPI
import Glibc

/// Standard output for results, standard error for all else.
struct Terminal: Sendable {
  /// One of the two.
  struct Channel: Sendable {
    var isTerminal: Bool
    var write: @Sendable ([UInt8]) throws(OutputClosed) -> Void
  }

  var output: Channel
  var errors: Channel
  /// Whether results may have colours.
  var usesColours: Bool
  /// Whether there is a person to ask.
  var canAsk: Bool
  /// Asks that person; what is typed is not shown where `hidden`.
  var ask: @Sendable (_ prompt: String, _ hidden: Bool) throws(CommandError) -> String
  /// How wide the terminal is at the moment; nil if there is none.
  var columns: @Sendable () -> Int?
  /// The line about a transfer that is shown now.
  let statusLine = StatusLine()

  /// The terminal of this process.
  static let process = Terminal(
    output: .descriptor(STDOUT_FILENO), errors: .descriptor(STDERR_FILENO),
    usesColours: allowsColours(Environment.current()) && isatty(STDOUT_FILENO) == 1,
    canAsk: isatty(STDIN_FILENO) == 1 && access("/dev/tty", R_OK | W_OK) == 0,
    ask: { prompt, hidden throws(CommandError) in try Password.ask(prompt, hidden: hidden) },
    columns: {
      var size = winsize()
      for descriptor in [STDOUT_FILENO, STDERR_FILENO] where ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0 {
        if size.ws_col > 0 { return Int(size.ws_col) }
      }
      return nil
    })

  /// By no-color.org, and not where the terminal has none.
  static func allowsColours(_ environment: [String: String]) -> Bool {
    (environment["NO_COLOR"] ?? "").isEmpty && environment["TERM"] != "dumb"
  }

  /// Writes a result, and a newline.
  func print(_ line: String) throws(OutputClosed) { try write(Array((line + "\n").utf8)) }

  /// Writes bytes of a result.
  func write(_ bytes: [UInt8]) throws(OutputClosed) {
    statusLine.hide(errors)
    try output.write(bytes)
  }

  /// Tells the user something that is no result.
  func note(_ line: String) {
    statusLine.hide(errors)
    try? errors.write(Array((line + "\n").utf8))
  }

  /// Shows one line about what goes on, in the place of the one before; any other output takes it away first.
  func showStatus(_ line: String) {
    guard errors.isTerminal else { return }
    statusLine.show(TerminalText.cut(line, to: (columns() ?? 80) - 1), errors)
  }

  func hideStatus() { statusLine.hide(errors) }

  /// Asks whether to go on; only "y" and "yes" say so.
  func confirms(_ question: String) throws(CommandError) -> Bool {
    ["y", "yes"].contains(try ask("\(question) [y/N]", false).lowercased())
  }
}

extension Terminal.Channel {
  static func descriptor(_ number: Int32) -> Terminal.Channel {
    Terminal.Channel(isTerminal: isatty(number) == 1) { bytes throws(OutputClosed) in
      var written = 0
      while written < bytes.count {
        let count = bytes.withUnsafeBytes { Glibc.write(number, $0.baseAddress! + written, $0.count - written) }
        if count >= 0 { written += count } else if errno != EINTR { throw OutputClosed(code: errno) }
      }
    }
  }
}

// What runs as a process of its own, a mount or a server, tells the process's terminal.
extension Terminal {
  static func print(_ line: String) throws(OutputClosed) { try process.print(line) }
  static func write(_ bytes: [UInt8]) throws(OutputClosed) { try process.write(bytes) }
  static func note(_ line: String) { process.note(line) }
  static var standardErrorIsTerminal: Bool { process.errors.isTerminal }
  static var standardOutputIsTerminal: Bool { process.output.isTerminal }
  static var canAsk: Bool { process.canAsk }
}

/// Standard output takes no more: its reader went away (`| head`), or its disk is full.
struct OutputClosed: Error {
  /// The errno of write(2).
  var code: Int32
}
