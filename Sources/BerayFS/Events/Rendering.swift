/// The two forms of a task's events.
package enum Rendering: Sendable, Hashable, CaseIterable {
  /// Each event as the server gave it, one JSON object a line: `events` and `stream`.
  case json
  /// For people: UTC time, type and text, one event a line: `events.log`.
  case text
}
