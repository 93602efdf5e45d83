internal import Glibc
internal import SystemPackage

/// Programs in the directories of `PATH`.
package enum ProgramPath {
  /// The first program with this name; nil if there is none.
  package static func of(_ name: String, in directories: some Sequence<some StringProtocol>) -> String? {
    for directory in directories {
      let path = "\(directory)/\(name)"
      if isProgram(path) { return path }
    }
    return nil
  }

  /// Whether this user may run it. A directory is no program.
  package static func isProgram(_ path: String) -> Bool {
    access(path, X_OK) == 0 && FileStatus(behind: FilePath(path))?.isDirectory != true
  }
}
