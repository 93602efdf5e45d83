import BerayAPI
import Glibc
import SystemPackage

/// Standard output for results, standard error for all else.
struct Terminal: Sendable {
  /// Standard output or standard error.
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
  /// Asks the user. If `hidden` is true, the terminal does not show the input.
  var ask: @Sendable (_ prompt: String, _ hidden: Bool) throws(CommandError) -> String
  /// The current width of the terminal; nil if there is none.
  var columns: @Sendable () -> Int?
  /// The line that shows the current transfer.
  let statusLine = StatusLine()

  /// The terminal of this process.
  static func ofProcess(environment: [String: String]) -> Terminal {
    Terminal(
      output: .descriptor(STDOUT_FILENO), errors: .descriptor(STDERR_FILENO),
      usesColours: allowsColours(environment) && isatty(STDOUT_FILENO) == 1,
      canAsk: isatty(STDIN_FILENO) == 1 && access("/dev/tty", R_OK | W_OK) == 0,
      ask: { prompt, hidden throws(CommandError) in try Password.ask(prompt, hidden: hidden) },
      columns: {
        var size = winsize()
        for descriptor in [STDOUT_FILENO, STDERR_FILENO] where ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0 {
          if size.ws_col > 0 { return Int(size.ws_col) }
        }
        return nil
      })
  }

  /// Follows no-color.org, and expects no colours from a `dumb` terminal.
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

  /// Prints a message to standard error that is not part of the result.
  func note(_ line: String) {
    statusLine.hide(errors)
    try? errors.write(Array((line + "\n").utf8))
  }

  /// Replaces the status line. Any other output removes it first.
  func showStatus(_ line: String) {
    guard errors.isTerminal else { return }
    statusLine.show(TerminalText.cut(line, to: (columns() ?? 80) - 1), errors)
  }

  func hideStatus() { statusLine.hide(errors) }

  /// Asks whether to go on. Only "y" and "yes" mean yes.
  func confirms(_ question: String) throws(CommandError) -> Bool {
    ["y", "yes"].contains(try ask("\(question) [y/N]", false).lowercased())
  }
}

extension Terminal.Channel {
  static func descriptor(_ number: Int32) -> Terminal.Channel {
    Terminal.Channel(isTerminal: isatty(number) == 1) { bytes throws(OutputClosed) in
      do { try FileDescriptor(rawValue: number).writeAll(bytes) } catch {
        throw OutputClosed(code: (error as? Errno)?.rawValue ?? EIO)
      }
    }
  }
}

/// Standard output cannot be written: its reader is gone (`| head`), or the disk is full.
struct OutputClosed: Error {
  /// The errno of write(2).
  var code: Int32
}
