import BerayAPI

/// The formats for printing results.
enum OutputFormat: CaseIterable {
  case text, json

  /// Whether notes for people go with a result.
  var hasNotes: Bool {
    switch self {
    case .text: true
    case .json: false
    }
  }
}

/// A result. It supports every format: a new ``OutputFormat`` does not compile until every result has it.
protocol Payload {
  var json: JSON { get }
  func lines(on page: Page) -> [String]
}

/// Results of a command that prints them as they come.
protocol PayloadSeries {
  /// One for each result. Each gets a line.
  var items: [JSON] { get }
  func lines(on page: Page) -> [String]
}

/// A result that people are told of by a note alone.
struct UnshownResult: Payload {
  let json: JSON
  func lines(on page: Page) -> [String] { [] }
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

  /// Prints the next results of a command that prints them as they come.
  func each(_ series: some PayloadSeries) throws(OutputClosed) {
    switch format {
    case .text: for line in series.lines(on: page) { try terminal.print(line) }
    case .json: for item in series.items { try terminal.print(item.serialized()) }
    }
  }

  /// Shows the server's answer to a command without a result of its own. Its message goes to standard error.
  func answer(_ answer: JSON) throws(OutputClosed) {
    switch format {
    case .text: if let message = answer["message"]?.stringValue { terminal.note(ShownText.escaped(message)) }
    case .json: try terminal.print(answer.serialized())
    }
  }

  /// Whether newer results may replace older ones on the screen.
  var redraws: Bool {
    switch format {
    case .text: terminal.output.isTerminal
    case .json: false
    }
  }

  private var page: Page {
    Page(
      columns: terminal.output.isTerminal ? terminal.columns() : nil, usesColours: terminal.usesColours, now: now)
  }
}
