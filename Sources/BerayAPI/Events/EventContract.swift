/// How the events of a server are read.
public enum EventContract: Hashable, Sendable {
  /// The server declares its events in `/openapi.json` (``Capabilities/declaredEvents``): each field has one name and
  /// one meaning, and nothing is guessed.
  case declared
  /// The server declares nothing: known names and shapes are looked for.
  case undeclared

  /// The member of an OpenAPI document that declares the contract, and the version that this library reads.
  ///
  /// - A message of the stream, and an element of the list of a task, is one event: an object with an `id`.
  /// - `type` is a word, `created_at` its time in ISO 8601, `text` what is shown of it; each other member is the event's
  ///   own.
  /// - `"log": false` keeps it out of logs for people; `"truncated": true` says that its text was cut.
  /// - Only an event with the type `status` speaks of the task: its `status` is the task's.
  public static let marker = (name: "x-beray-events", version: Int64(1))

  /// The names, `type` and `text` aside, that a server keeps for itself: those of the contract, and those under which
  /// readers of undeclared events look for something.
  public static let serverNames = Set(
    FieldNames.id + FieldNames.time + FieldNames.status + FieldNames.text + FieldNames.type + Envelope.wrappers + [
      "task_id", "goal", "events", "log", "truncated",
    ]
  ).subtracting(["type", "text"])
}

extension Capabilities {
  /// How the events of a server that offers these are read.
  public var eventContract: EventContract { contains(.declaredEvents) ? .declared : .undeclared }
}
