import Glibc

/// Absolute paths, for processes in another directory.
enum AbsolutePath {
  /// `path`, resolved against the working directory. Follows no links, and the file need not exist.
  static func of(_ path: String) -> String {
    guard !path.hasPrefix("/"), let directory = getcwd(nil, 0) else { return path }
    defer { free(directory) }
    let base = String(cString: directory)
    return base == "/" ? "/" + path : "\(base)/\(path)"
  }
}
