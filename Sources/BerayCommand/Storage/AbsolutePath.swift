import Glibc

/// Paths for a process in another directory.
enum AbsolutePath {
  /// `path` beneath the working directory, unless it is absolute; no link is followed, nothing is looked at.
  static func of(_ path: String) -> String {
    guard !path.hasPrefix("/"), let directory = getcwd(nil, 0) else { return path }
    defer { free(directory) }
    let base = String(cString: directory)
    return base == "/" ? "/" + path : "\(base)/\(path)"
  }
}
