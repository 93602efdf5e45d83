import ArgumentParser
import BerayAPI

/// The task that a command is about, and the server that has it.
struct TaskSelection: ParsableArguments {
  @Argument(help: "The task's number.", transform: Self.read)
  var id: TaskID

  @OptionGroup var server: ServerOptions

  func connect() async throws -> Connection {
    try await Connection.open(server)
  }

  /// Takes the number, and also the name of the task's directory: `42-write-docs`.
  @Sendable static func read(_ text: String) throws -> TaskID {
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    guard digits.count == text.count || text.dropFirst(digits.count).hasPrefix("-"), let id = TaskID(String(digits))
    else { throw ValidationError("'\(text)' is not the number of a task; 'beray-fs task list' shows them") }
    return id
  }
}

/// What servers answer to a command that has no result of its own.
enum Answer {
  /// The server's message for people on standard error, or its JSON on standard output.
  static func show(_ answer: JSON, json: Bool) throws(OutputClosed) {
    if json { return try Terminal.print(answer.serialized()) }
    if let message = answer["message"]?.stringValue { Terminal.note(ShownText.escaped(message)) }
  }
}
