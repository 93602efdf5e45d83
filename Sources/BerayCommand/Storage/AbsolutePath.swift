import LinuxSystem

/// Absolute paths, for processes in another directory.
enum AbsolutePath {
  /// `path`, resolved against the working directory. Follows no links, and the file need not exist.
  static func of(_ path: String) -> String {
    guard !path.hasPrefix("/"), let base = Directory.current else { return path }
    return base == "/" ? "/" + path : "\(base)/\(path)"
  }
}
