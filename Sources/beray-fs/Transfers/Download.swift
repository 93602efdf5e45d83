import BerayClient
import Glibc
import SystemPackage

/// A transfer from the server to standard output or into a file, with its progress.
struct Download {
  let label: String
  let content: FileContent

  /// - Parameter place: a path, or `-` for standard output. A file appears under its name only once it is whole.
  func write(to place: String) async throws {
    let progress = Progress(label, total: content.size, isOn: Terminal.standardErrorIsTerminal && place != "-")
    defer { progress.end() }
    if place == "-" {
      for try await piece in content.body { try Terminal.write(piece) }
      return
    }
    let path = FilePath(place)
    // A device or a pipe, such as /dev/null, and what a link leads to, is written as it is.
    if let status = FileStatus(of: path), !status.isRegularFile {
      return try await copy(into: FileDescriptor.open(path, .writeOnly, options: [.truncate]), progress)
    }
    let part = path.removingLastComponent().appending(".\(path.lastComponent?.string ?? "file").part\(getpid())")
    do {
      try await copy(
        into: FileDescriptor.open(
          part, .writeOnly, options: [.create, .truncate], permissions: .init(rawValue: 0o666)),
        progress)
      guard rename(part.string, place) == 0 else { throw CommandError.system("write \(place)", errno) }
    } catch {
      unlink(part.string)
      if let code = error as? Errno { throw CommandError.system("write \(place)", code.rawValue) }
      throw error
    }
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
