/// Measures and cuts text by its width on a terminal.
enum TerminalText {
  /// The width in columns. Wide East Asian characters and emoji take two.
  static func width(_ text: String) -> Int { text.reduce(0) { $0 + width($1) } }

  /// The text, shortened and ended by `…` if it is wider than `columns`.
  static func cut(_ text: String, to columns: Int) -> String {
    guard width(text) > columns else { return text }
    var rest = columns - 1
    let beginning = text.prefix { character in
      rest -= width(character)
      return rest >= 0
    }
    return columns < 1 ? "" : beginning + "…"
  }

  private static func width(_ character: Character) -> Int {
    switch character.unicodeScalars.first?.value ?? 0 {
    case 0x1100...0x115F, 0x2E80...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60,
      0xFFE0...0xFFE6, 0x1F300...0x1FAFF, 0x20000...0x3FFFD:
      2
    default: 1
    }
  }
}
