/// How the events of a server are read.
public enum EventContract: Hashable, Sendable {
  /// The server declares its events in `/openapi.json` (``Capabilities/declaredEvents``). Each field has one name and
  /// one meaning, so nothing is guessed.
  case declared
  /// The server declares nothing. The reader looks for known names and shapes.
  case undeclared

  /// The member of an OpenAPI document that declares the contract, and the version that this library reads.
  ///
  /// - Each message of the stream, and each element of a task's list, is one event: an object with an `id`.
  /// - `type` is a word, `created_at` the time in ISO 8601, and `text` the text to show. All other members belong to
  ///   the event itself.
  /// - `"log": false` hides the event from logs for people. `"truncated": true` says that its text was cut.
  /// - Only an event of type `status` reports the status of the task, in `status`.
  public static let marker = (name: "x-beray-events", version: Int64(1))

  /// The member names that are reserved for the server: those of the contract, and those that readers of undeclared
  /// events look for. `type` and `text` are not among them.
  public static let serverNames = Set(
    FieldNames.id + FieldNames.time + FieldNames.status + FieldNames.text + FieldNames.type + Envelope.wrappers + [
      "task_id", "goal", "events", "log", "truncated",
    ]
  ).subtracting(["type", "text"])
}
