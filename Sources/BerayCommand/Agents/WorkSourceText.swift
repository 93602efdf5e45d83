import Glibc

/// What a task's files begin with, as people type it.
enum WorkSourceText {
  /// The absolute path of a directory that is there; all else as it is, such as the URL of a git repository.
  static func absolute(_ text: String) -> String {
    guard !text.contains("://"), !text.hasPrefix("/") else { return text }
    let path = AbsolutePath.of(text)
    return access(path, F_OK) == 0 || !text.contains(":") ? path : text
  }
}
