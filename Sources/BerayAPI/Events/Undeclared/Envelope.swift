/// A message around an event, as FastAPI services send it: `{"type":"event","data":{"id":1,"event_type":"message",…}}`.
///
/// The list of a task holds what is within, so an envelope is opened before anything is read from it.
enum Envelope {
  /// Where an event stands within its envelope.
  static let wrappers = ["data", "event", "payload", "task"]

  /// The event within, or `json` itself where it is no envelope.
  static func opened(_ json: JSON) -> JSON {
    // Some servers put one into another.
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

  /// Whether an object tells by itself what it is.
  private static func isIdentified(_ inner: JSON, under type: MessageType) -> Bool {
    if inner.first(of: Envelope.wrappers, as: \.objectValue) != nil, type.isGeneric { return true }
    let hasID = inner.first(of: FieldNames.id, as: \.identifier) != nil
    let hasType = inner.first(of: FieldNames.type, as: \.word) != nil
    let hasTime = inner.first(of: FieldNames.time, as: UTCTime.init(json:)) != nil
    if hasID, hasType, hasTime { return true }
    let hasStatus = inner.first(of: FieldNames.status, as: \.word) != nil
    return type.isGeneric && (hasID || hasType || hasTime || hasStatus)
  }

  /// Whether what stands under `task` is an event of the task, and not the task.
  static func isEvent(_ inner: JSON) -> Bool {
    guard inner.first(of: FieldNames.type, as: \.word) != nil, inner["goal"] == nil, inner["events"] == nil else {
      return false
    }
    return inner.first(of: FieldNames.text, as: \.scalarText) != nil
      || inner.first(of: FieldNames.status, as: \.word) == nil
  }

  /// A change of status, with the type that its envelope gives it.
  private static func status(in inner: JSON, of envelope: JSON) -> JSON? {
    guard case .object(let members) = inner, inner.first(of: FieldNames.status, as: \.word) != nil else { return nil }
    guard inner.first(of: FieldNames.type, as: \.word) == nil else { return inner }
    let type = envelope.first(of: FieldNames.type, as: \.word) ?? "status"
    return .object([JSON.Member("type", .string(type))] + members)
  }
}
