/// The meaning of a message's type, for servers that declare nothing.
enum MessageType {
  case none
  case heartbeat
  case status
  /// The task has changed in an unspecified way.
  case change
  /// The task, or its stream, has ended.
  case end
  /// The message carries many events.
  case batch
  /// The message carries one event and says nothing about its type.
  case carrier
  case other

  init(_ word: String) {
    var letters = word.lowercased().filter { !"-_ .:".contains($0) }
    if letters.isEmpty {
      self = .none
      return
    }
    for owner in ["task", "agent"] where letters.hasPrefix(owner) && letters != owner {
      letters.removeFirst(owner.count)
    }
    self =
      switch letters {
      case "ping", "heartbeat", "keepalive": .heartbeat
      case "status", "state", "statusupdate", "statusupdated", "statuschange", "statuschanged", "stateupdate",
        "stateupdated", "statechange", "statechanged":
        .status
      case "task", "update", "updated", "updates", "change", "changed", "created", "refresh": .change
      case "end", "ended", "final", "close", "closed", "streamend", "endofstream": .end
      case "batch", "events", "history", "snapshot", "replay", "backlog", "initial", "init", "sync": .batch
      case "event", "message", "data", "payload", "item", "entry", "record", "notification", "notify", "new",
        "newevent", "eventcreated", "eventadded", "eventupdate", "append", "appended", "added", "publish", "emit",
        "push", "broadcast", "stream", "sse":
        .carrier
      case let letters where TaskStatus(letters).isFinished && letters != "error": .end
      default: .other
      }
  }

  /// Whether the type describes the message rather than the event in it.
  var isGeneric: Bool {
    switch self {
    case .none, .change, .carrier: true
    case .heartbeat, .status, .end, .batch, .other: false
    }
  }
}
