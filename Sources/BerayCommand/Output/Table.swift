import BerayAPI

/// Rows for people: columns two spaces apart, the last one as long as it likes. What servers sent is escaped.
struct Table {
  private var rows: [[String]]

  init(_ header: String...) {
    rows = [header]
  }

  mutating func append(_ cells: String...) {
    rows.append(cells.map { ShownText.escaped($0) })
  }

  var lines: [String] {
    let count = rows[0].count
    let widths = (0..<count).map { column in rows.map { Self.width($0[column]) }.max() ?? 0 }
    return rows.map { row in
      var line = ""
      for (column, cell) in row.enumerated() {
        line += cell
        if column < count - 1 { line += String(repeating: " ", count: widths[column] - Self.width(cell) + 2) }
      }
      return line
    }
  }

  /// Terminal columns: the wide blocks of East Asian scripts and emoji take two.
  static func width(_ text: String) -> Int {
    text.reduce(0) { sum, character in
      let scalar = character.unicodeScalars.first?.value ?? 0
      switch scalar {
      case 0x1100...0x115F, 0x2E80...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60,
        0xFFE0...0xFFE6, 0x1F300...0x1FAFF, 0x20000...0x3FFFD:
        return sum + 2
      default: return sum + 1
      }
    }
  }
}
