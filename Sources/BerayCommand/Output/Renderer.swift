import BerayAPI

/// The formats for printing results.
enum OutputFormat: CaseIterable {
  case text, json
}

/// A result. It supports every format: a new ``OutputFormat`` does not compile until every result has it.
protocol Payload {
  var json: JSON { get }
  func lines(on page: Page) -> [String]
}

/// Prints results in one format.
struct Renderer {
  var format: OutputFormat
  var terminal: Terminal
  var now: UTCTime

  func show(_ payload: some Payload) throws(OutputClosed) {
    switch format {
    case .text: for line in payload.lines(on: page) { try terminal.print(line) }
    case .json: try terminal.print(payload.json.serialized())
    }
  }

  private var page: Page {
    Page(
      columns: terminal.output.isTerminal ? terminal.columns() : nil, usesColours: terminal.usesColours, now: now)
  }
}
