internal import Glibc
package import SystemPackage

/// Small virtual files of the kernel, such as those of proc(5) and sysfs(5).
package enum ProcessFile {
  /// The content of a file, up to 1 MiB; nil if it cannot be read.
  package static func bytes(_ path: String) -> [UInt8]? {
    guard let file = try? Descriptor.open(path: path, flags: O_RDONLY) else { return nil }
    return try? file.readAll(limit: 1 << 20)
  }

  /// The same content as text.
  package static func text(_ path: String) -> String? { bytes(path).map { String(decoding: $0, as: UTF8.self) } }

  /// The NUL-terminated words of a file such as `/proc/PID/cmdline` or `/proc/PID/environ`; empty if it cannot be read.
  package static func words(_ path: String) -> [String] {
    guard var bytes = bytes(path), !bytes.isEmpty else { return [] }
    if bytes.last == 0 { bytes.removeLast() }
    return bytes.split(separator: 0, omittingEmptySubsequences: false).map { String(decoding: $0, as: UTF8.self) }
  }

  /// Writes `text` in one call, as the kernel requires.
  package static func write(_ text: String, to path: String) throws(Errno) {
    let bytes = Array(text.utf8)
    let file = try Descriptor.open(path: path, flags: O_WRONLY)
    guard try retrying({ Glibc.write(file.rawValue, bytes, bytes.count) }) == bytes.count else { throw .ioError }
  }

  /// The target of a symbolic link such as `/proc/PID/exe`; nil if it cannot be read.
  package static func link(_ path: String) -> String? { linkBytes(path).map { String(decoding: $0, as: UTF8.self) } }

  /// The same as bytes, which need not be UTF-8.
  package static func linkBytes(_ path: String) -> [UInt8]? {
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: Int(PATH_MAX)) { buffer in
      let count = readlink(path, buffer.baseAddress!, buffer.count)
      return count > 0 ? Array(buffer[..<count]) : nil
    }
  }

  /// The names in a directory, without `.` and `..`; empty if it cannot be read.
  package static func names(in directory: String) -> [String] {
    (try? Directory.names(in: FilePath(directory))) ?? []
  }
}
