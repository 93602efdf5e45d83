extension JSON {
  /// The first of these members for which `read` returns a value. Members that are null or of another kind are skipped.
  func first<Value>(of names: [String], as read: (JSON) -> Value?) -> Value? {
    for name in names {
      if let member = self[name], let value = read(member) { return value }
    }
    return nil
  }

  /// The same, but if nothing is found at the top, it searches the objects under `wrappers`, one level down.
  func first<Value>(of names: [String], under wrappers: [String], as read: (JSON) -> Value?) -> Value? {
    if let value = first(of: names, as: read) { return value }
    for wrapper in wrappers {
      if let value = self[wrapper]?.first(of: names, as: read) { return value }
    }
    return nil
  }

  /// An identifier as text: a string, or a number as written.
  var identifier: String? {
    switch self {
    case .string(let text): text.isEmpty ? nil : text
    case .number(let text): text
    default: nil
    }
  }

  /// The text of a string that is not empty.
  package var word: String? {
    stringValue.flatMap { $0.isEmpty ? nil : $0 }
  }

  /// The text of a string, a number or a truth value; nil for null, arrays and objects.
  package var scalarText: String? {
    switch self {
    case .string(let text): text
    case .number(let text): text
    case .bool(let value): value ? "true" : "false"
    case .null, .array, .object: nil
    }
  }
}
