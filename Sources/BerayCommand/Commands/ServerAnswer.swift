import BerayAPI

extension Context {
  /// Shows the server's answer to a command without a result of its own. The message goes to standard error, the JSON
  /// to standard output.
  func tell(_ answer: JSON, _ output: JSONOption) throws(OutputClosed) {
    switch output.format {
    case .json: try terminal.print(answer.serialized())
    case .text: if let message = answer["message"]?.stringValue { note(ShownText.escaped(message)) }
    }
  }
}
