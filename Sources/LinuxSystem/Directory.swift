internal import Glibc
package import SystemPackage

/// Directories by their path.
package enum Directory {
  /// Makes a directory and those above it, if they are missing (`mkdir -p`).
  /// - Parameter mode: by default, only the owner can access them.
  package static func make(_ path: FilePath, mode: UInt32 = 0o700) throws(Errno) {
    try make(path, mode: mode) { _, code in code }
  }

  /// Does the same for callers that have their own error.
  /// - Parameter failure: the error, for the directory that could not be made and the reason.
  package static func make<Failure: Error>(
    _ path: FilePath, mode: UInt32 = 0o700, failure: (FilePath, Errno) -> Failure
  ) throws(Failure) {
    guard let code = makeOne(path, mode) else { return }
    let above = path.removingLastComponent()
    guard code == .noSuchFileOrDirectory, !above.components.isEmpty else { throw failure(path, code) }
    try make(above, mode: mode, failure: failure)
    if let code = makeOne(path, mode) { throw failure(path, code) }
  }

  /// The working directory of this process (getcwd(3)); nil if it was removed.
  package static var current: String? {
    guard let path = getcwd(nil, 0) else { return nil }
    defer { free(path) }
    return String(cString: path)
  }

  /// The names in a directory, without `.` and `..`, in no order.
  package static func names(in path: FilePath) throws(Errno) -> [String] {
    let names = try Descriptor.open(path: path.string, flags: O_RDONLY | O_DIRECTORY).rawEntryNames()
    return names.map { $0.withUnsafeBufferPointer { String(cString: $0.baseAddress!) } }
  }

  /// - Returns: why it is not there.
  private static func makeOne(_ path: FilePath, _ mode: UInt32) -> Errno? {
    mkdir(path.string, mode) == 0 || errno == EEXIST ? nil : Errno(rawValue: errno)
  }
}

extension FilePath {
  /// The absolute path without symbolic links (realpath(3)); nil if there is no such file.
  package var resolved: FilePath? {
    guard let path = realpath(string, nil) else { return nil }
    defer { free(path) }
    return FilePath(platformString: path)
  }
}

extension OpenDescriptor where Self: ~Copyable {
  /// The names in a directory except `.` and `..`, as the kernel gives them: unordered, and with the final NUL byte.
  package func rawEntryNames() throws(Errno) -> [[CChar]] { try rawEntryNames(limit: .max) }

  /// Whether a directory has no entries.
  package func isEmptyDirectory() throws(Errno) -> Bool { try rawEntryNames(limit: 1).isEmpty }

  private func rawEntryNames(limit: Int) throws(Errno) -> [[CChar]] {
    let copy = try checked(fcntl(rawValue, F_DUPFD_CLOEXEC, 0))
    guard let stream = fdopendir(copy) else {
      let failure = errno
      Glibc.close(copy)
      throw Errno(rawValue: failure)
    }
    defer { closedir(stream) }
    var names: [[CChar]] = []
    while names.count < limit, let entry = readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) {
          Array(UnsafeBufferPointer(start: $0, count: strlen($0) + 1))
        }
      }
      if name != [46, 0], name != [46, 46, 0] { names.append(name) }
    }
    return names
  }
}
