/// An object that wraps an event, as FastAPI services send it:
/// `{"type":"event","data":{"id":1,"event_type":"message",…}}`.
///
/// A task's list contains the inner event, so the envelope is opened first. Then the two forms compare as equal.
enum Envelope {
  /// The members of an envelope that may contain the event.
  static let wrappers = ["data", "event", "payload", "task"]

  /// The inner event, or `json` itself if it is not an envelope.
  static func opened(_ json: JSON) -> JSON {
    // Some servers nest two envelopes.
    opened(json, depth: 2)
  }

  private static func opened(_ json: JSON, depth: Int) -> JSON {
    guard depth > 0, json.first(of: FieldNames.text, as: \.scalarText) == nil else { return json }
    let type = MessageType(json.first(of: FieldNames.type, as: \.word) ?? "")
    for wrapper in wrappers {
      guard let inner = json[wrapper], inner.objectValue != nil else { continue }
      if wrapper == "task", !isEvent(inner) { continue }
      if type == .status { return status(in: inner, of: json) ?? json }
      guard isIdentified(inner, under: type) else { continue }
      return opened(inner, depth: depth - 1)
    }
    return json
  }

  /// Whether an object is recognisable as an event without its envelope.
  private static func isIdentified(_ inner: JSON, under type: MessageType) -> Bool {
    if inner.first(of: Envelope.wrappers, as: \.objectValue) != nil, type.isGeneric { return true }
    let hasID = inner.first(of: FieldNames.id, as: \.identifier) != nil
    let hasType = inner.first(of: FieldNames.type, as: \.word) != nil
    let hasTime = inner.first(of: FieldNames.time, as: UTCTime.init(json:)) != nil
    if hasID, hasType, hasTime { return true }
    let hasStatus = inner.first(of: FieldNames.status, as: \.word) != nil
    return type.isGeneric && (hasID || hasType || hasTime || hasStatus)
  }

  /// Whether the object under `task` is an event of the task rather than the task itself.
  static func isEvent(_ inner: JSON) -> Bool {
    guard inner.first(of: FieldNames.type, as: \.word) != nil, inner["goal"] == nil, inner["events"] == nil else {
      return false
    }
    return inner.first(of: FieldNames.text, as: \.scalarText) != nil
      || inner.first(of: FieldNames.status, as: \.word) == nil
  }

  /// The inner object of a change of status. If it has no type, it gets that of its envelope.
  private static func status(in inner: JSON, of envelope: JSON) -> JSON? {
    guard case .object(let members) = inner, inner.first(of: FieldNames.status, as: \.word) != nil else { return nil }
    guard inner.first(of: FieldNames.type, as: \.word) == nil else { return inner }
    let type = envelope.first(of: FieldNames.type, as: \.word) ?? "status"
    return .object([JSON.Member("type", .string(type))] + members)
  }
}
