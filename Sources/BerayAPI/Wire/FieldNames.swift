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
