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
      // A dangling link is replaced itself.
      let path = FilePath(place)
      try await write(toFile: path.resolved ?? path, isExecutable: isExecutable)
    } catch let code as Errno {
      throw CommandError.system("write \(place)", code.rawValue)
    }
  }

  private func write(toFile path: FilePath, isExecutable: Bool) async throws {
    let status = FileStatus(of: path)
    // Write into a device or a pipe, such as /dev/null, instead of replacing it.
    if let status, !status.isRegularFile {
      let file = try Descriptor.open(path: path.string, flags: O_WRONLY | O_TRUNC)
      try await copy { piece throws(Errno) in try file.writeAll(piece) }
      return try file.close()
    }
    // First, because it may fail, and a part file that was made would stay.
    try PartFile.removeAtSignals(terminal)
    var part = try PartFile(of: path)
    do {
      try await copy { piece throws(Errno) in try part.write(piece) }
      try part.close()
      let mode = status.map { mode_t($0.permissions) } ?? (isExecutable ? PartFile.masked(0o777) : nil)
      try part.take(path, mode: mode)
    } catch {
      part.remove()
      throw error
    }
  }

  private func copy(_ write: ([UInt8]) throws(Errno) -> Void) async throws {
    for try await piece in content.body {
      try write(piece)
      progress.add(piece.count)
    }
  }
}
