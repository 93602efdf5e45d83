import BerayAPI

/// A table of text with columns two spaces apart. Cells are escaped, because their text can come from a server.
struct Table {
  /// The text of one cell, and its style on a terminal.
  struct Cell: ExpressibleByStringLiteral {
    var text: String
    var style = Style.plain

    init(_ text: String, _ style: Style = .plain) {
      self.text = ShownText.escaped(text)
      self.style = style
    }

    init(stringLiteral text: String) { self.init(text) }
  }

  private var rows: [[Cell]]

  init(_ header: String...) {
    rows = [header.map { Cell($0, .bold) }]
  }

  mutating func append(_ cells: String...) {
    rows.append(cells.map { Cell($0) })
  }

  mutating func append(_ cells: [Cell]) {
    rows.append(cells)
  }

  var lines: [String] { lines(on: Page()) }

  /// One line for each row. If the page has a width, the last column is cut to fit.
  func lines(on page: Page) -> [String] {
    let count = rows[0].count
    let widths = (0..<count).map { column in rows.map { TerminalText.width($0[column].text) }.max() ?? 0 }
    let before = widths.dropLast().reduce(0, +) + 2 * (count - 1)
    let room = page.columns.map { max(8, $0 - before) }
    return rows.map { row in
      var line = ""
      for (column, cell) in row.enumerated() {
        let isLast = column == count - 1
        let text = isLast ? room.map { TerminalText.cut(cell.text, to: $0) } ?? cell.text : cell.text
        line += page.styled(text, cell.style)
        if !isLast { line += String(repeating: " ", count: widths[column] - TerminalText.width(text) + 2) }
      }
      return line
    }
  }
}
