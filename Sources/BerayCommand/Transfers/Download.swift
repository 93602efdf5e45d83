import BerayClient
import Glibc
import SystemPackage

/// A transfer from the server to standard output or into a file, with its progress.
struct Download {
  let label: String
  let content: FileContent

  /// - Parameter place: a path, or `-` for standard output. A file appears under its name only once it is whole.
  func write(to place: String) async throws {
    let isShown = Terminal.standardErrorIsTerminal && (place != "-" || !Terminal.standardOutputIsTerminal)
    let progress = Progress(label, total: content.size, isOn: isShown)
    defer { progress.end() }
    if place == "-" {
      for try await piece in content.body {
        try Terminal.write(piece)
        progress.add(piece.count)
      }
      return
    }
    do {
      try await write(toFile: Self.behindLinks(FilePath(place)), progress)
    } catch let code as Errno {
      throw CommandError.system("write \(place)", code.rawValue)
    }
  }

  private func write(toFile path: FilePath, _ progress: Progress) async throws {
    let status = FileStatus(of: path)
    // A device or a pipe, such as /dev/null, is written as it is.
    if let status, !status.isRegularFile {
      return try await copy(into: FileDescriptor.open(path, .writeOnly, options: [.truncate]), progress)
    }
    let part = try PartFile(of: path)
    // Ctrl-C leaves no part behind.
    let signals = try Signals.caught([SIGINT, SIGTERM, SIGHUP])
    let watch = Task {
      for await signal in signals {
        part.remove()
        progress.end()
        Signals.end(by: signal)
      }
    }
    defer { watch.cancel() }
    do {
      try await copy(into: FileDescriptor(rawValue: part.descriptor), progress)
      try part.take(path, mode: status.map { mode_t($0.permissions) })
    } catch {
      part.remove()
      throw error
    }
  }

  /// The file that a symbolic link leads to; a link that leads nowhere is replaced.
  private static func behindLinks(_ path: FilePath) -> FilePath {
    guard let resolved = realpath(path.string, nil) else { return path }
    defer { free(resolved) }
    return FilePath(String(cString: resolved))
  }

  private func copy(into file: FileDescriptor, _ progress: Progress) async throws {
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
