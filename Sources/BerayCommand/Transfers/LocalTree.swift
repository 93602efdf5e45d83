import Glibc
import LinuxSystem
import SystemPackage

/// The files beneath a directory of this machine.
struct LocalTree {
  /// Paths from the top, with `/` between names, sorted by name in each directory.
  private(set) var files: [String] = []
  /// Directories without any entries.
  private(set) var emptyDirectories: [String] = []
  /// The files that are left out, and why.
  private(set) var skipped: [String] = []

  /// - Throws: ``CommandError`` if a directory cannot be read.
  init(_ top: FilePath) throws(CommandError) { try add(top, as: "") }

  private mutating func add(_ directory: FilePath, as path: String) throws(CommandError) {
    let names = try CommandError.calling("read the directory \(directory)") { () throws(Errno) in
      try Directory.names(in: directory).sorted()
    }
    if names.isEmpty, !path.isEmpty { emptyDirectories.append(path) }
    for name in names {
      let place = directory.appending(name)
      let inner = path.isEmpty ? name : "\(path)/\(name)"
      let isLink = FileStatus(of: place).map { !$0.isRegularFile && !$0.isDirectory } ?? false
      guard let status = FileStatus(behind: place) else {
        skipped.append("\(place): \(String(cString: strerror(errno)))")
        continue
      }
      if status.isRegularFile {
        files.append(inner)
      } else if status.isDirectory, !isLink {
        try add(place, as: inner)
      } else {
        skipped.append("\(place): \(status.isDirectory ? "a link to a directory" : "not a regular file")")
      }
    }
  }
}
