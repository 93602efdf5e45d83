/// Makes untrusted text safe for a terminal or a log.
public enum ShownText {
  /// Returns the text as one line without characters that control a terminal.
  ///
  /// C0 (including ESC, which begins ANSI sequences), DEL and C1 become `\x1b`, `\x7f`, `\x9b`. Newline, carriage
  /// return and tab become `\n`, `\r`, `\t`. Line separators and the controls that reorder text (Unicode UAX #9) become
  /// `\u{202e}`.
  public static func escaped(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: isActive) else { return text }
    var shown = ""
    for scalar in text.unicodeScalars {
      guard isActive(scalar) else {
        shown.unicodeScalars.append(scalar)
        continue
      }
      switch scalar {
      case "\n": shown += "\\n"
      case "\r": shown += "\\r"
      case "\t": shown += "\\t"
      case let scalar where scalar.value < 0x100:
        let digits = String(scalar.value, radix: 16)
        shown += digits.utf8.count == 1 ? "\\x0\(digits)" : "\\x\(digits)"
      default: shown += "\\u{\(String(scalar.value, radix: 16))}"
      }
    }
    return shown
  }

  private static func isActive(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0..<0x20, 0x7F..<0xA0, 0x2028...0x202E, 0x2066...0x2069: true
    default: false
    }
  }
}
