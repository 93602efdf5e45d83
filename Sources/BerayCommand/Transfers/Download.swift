import Beray
import Glibc
import LinuxSystem
import SystemPackage

/// A transfer from the server to standard output or into a file.
struct Download {
  let content: FileContent
  let progress: Progress
  let terminal: Terminal

  /// - Parameters:
  ///   - place: a path, or `-` for standard output. A file appears under its name only once it is complete.
  ///   - isExecutable: whether a new file is executable. A replaced file keeps its mode.
  func write(to place: String, isExecutable: Bool = false) async throws {
    if place == "-" {
      for try await piece in content.body {
        try terminal.write(piece)
        progress.add(piece.count)
      }
      return
    }
    do {
      try await write(toFile: Self.behindLinks(FilePath(place)), isExecutable: isExecutable)
    } catch let code as Errno {
      throw CommandError.system("write \(place)", code.rawValue)
    }
  }

  private func write(toFile path: FilePath, isExecutable: Bool) async throws {
    let status = FileStatus(of: path)
    // Write into a device or a pipe, such as /dev/null, instead of replacing it.
    if let status, !status.isRegularFile {
      return try await copy(into: FileDescriptor.open(path, .writeOnly, options: [.truncate]))
    }
    // First, because it may fail, and a part file that was made would stay.
    try PartFile.removeAtSignals(terminal)
    let part = try PartFile(of: path)
    do {
      try await copy(into: FileDescriptor(rawValue: part.descriptor))
      let mode = status.map { mode_t($0.permissions) } ?? (isExecutable ? PartFile.masked(0o777) : nil)
      try part.take(path, mode: mode)
    } catch {
      part.remove()
      throw error
    }
  }

  /// The file that a symbolic link leads to. A dangling link is replaced itself.
  private static func behindLinks(_ path: FilePath) -> FilePath {
    guard let resolved = realpath(path.string, nil) else { return path }
    defer { free(resolved) }
    return FilePath(String(cString: resolved))
  }

  private func copy(into file: FileDescriptor) async throws {
    do {
      for try await piece in content.body {
        try file.writeAll(piece)
        progress.add(piece.count)
      }
    } catch {
      try? file.close()
      throw error
    }
    try file.close()
  }
}
