import BerayAPI

extension Context {
  /// What a server answered to a command that has no result of its own: its message on standard error, or its JSON on standard output.
  func tell(_ answer: JSON, _ output: JSONOption) throws(OutputClosed) {
    switch output.format {
    case .json: try terminal.print(answer.serialized())
    case .text: if let message = answer["message"]?.stringValue { note(ShownText.escaped(message)) }
    }
  }
}
