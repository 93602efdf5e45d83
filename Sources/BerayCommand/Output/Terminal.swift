import BerayAPI
import Glibc

/// Standard output for results, standard error for all else.
enum Terminal {
  static var standardErrorIsTerminal: Bool { isatty(STDERR_FILENO) == 1 }
  static var standardOutputIsTerminal: Bool { isatty(STDOUT_FILENO) == 1 }

  /// Whether there is a terminal to ask on.
  static var canAsk: Bool { isatty(STDIN_FILENO) == 1 && access("/dev/tty", R_OK | W_OK) == 0 }

  /// Writes a result, and a newline.
  static func print(_ line: String) throws(OutputClosed) {
    try write(Array((line + "\n").utf8))
  }

  /// Writes bytes of a result.
  static func write(_ bytes: [UInt8]) throws(OutputClosed) {
    var written = 0
    while written < bytes.count {
      let count = bytes.withUnsafeBytes {
        Glibc.write(STDOUT_FILENO, $0.baseAddress! + written, $0.count - written)
      }
      if count >= 0 {
        written += count
      } else if errno != EINTR {
        throw OutputClosed(code: errno)
      }
    }
  }

  /// Tells the user something that is no result.
  static func note(_ line: String) {
    var rest = Array((line + "\n").utf8)[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
      guard count > 0 else { return }
      rest = rest.dropFirst(count)
    }
  }
}

/// Standard output takes no more: whoever read it went away (`| head`), or its disk is full.
struct OutputClosed: Error {
  /// The errno of write(2).
  var code: Int32
}
