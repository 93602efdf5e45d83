/// The names that known servers use for each field, the most specific first.
enum FieldNames {
  static let type = ["type", "event_type", "event", "kind"]
  static let status = ["status", "state", "task_status"]
  static let time = ["ts", "timestamp", "created_at", "updated_at", "time"]
  static let id = ["id", "seq", "event_id"]
  static let text = ["message", "content", "text", "output", "result", "detail"]
  static let taskID = ["id", "task_id"]
  static let createdAt = ["created_at", "createdAt", "created"]
  static let updatedAt = ["updated_at", "updatedAt", "modified_at", "modified", "updated"]
  static let modified = [
    "modified", "mtime", "updated_at", "modified_at", "last_modified", "modifiedAt", "lastModified", "mtime_ns",
  ]
  static let size = ["size", "size_bytes", "length", "bytes"]
  static let entryType = ["type", "kind"]
  static let isDirectory = ["is_dir", "is_directory", "isDir", "isDirectory"]
  static let name = ["name", "filename"]
  static let target = ["target", "link_target", "symlink_target"]
}

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

  /// A string that is not empty.
  var word: String? {
    stringValue.flatMap { $0.isEmpty ? nil : $0 }
  }

  /// A string, or a number or boolean as written. Nil for arrays, objects and null.
  var scalarText: String? {
    switch self {
    case .string(let text): text
    case .number(let text): text
    case .bool(let value): value ? "true" : "false"
    case .null, .array, .object: nil
    }
  }
}
