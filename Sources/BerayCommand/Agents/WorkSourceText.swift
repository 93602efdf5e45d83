import Glibc

/// The source of a task's first files, as a user types it.
enum WorkSourceText {
  /// Makes the path of a directory absolute. Returns the URL or the `host:path` of a git repository unchanged.
  static func absolute(_ text: String) -> String {
    guard !text.contains("://"), !text.hasPrefix("/") else { return text }
    let path = AbsolutePath.of(text)
    return access(path, F_OK) == 0 || !text.contains(":") ? path : text
  }
}
