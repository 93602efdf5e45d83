internal import Glibc
package import SystemPackage

extension OpenDescriptor where Self: ~Copyable {
  /// The names in a directory except `.` and `..`, as the kernel gives them: unordered, and with the final NUL byte.
  package func rawEntryNames() throws(Errno) -> [[CChar]] {
    let copy = try checked(fcntl(rawValue, F_DUPFD_CLOEXEC, 0))
    guard let stream = fdopendir(copy) else {
      let failure = errno
      Glibc.close(copy)
      throw Errno(rawValue: failure)
    }
    defer { closedir(stream) }
    var names: [[CChar]] = []
    while let entry = readdir(stream) {
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
