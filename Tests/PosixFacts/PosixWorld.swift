package import SystemPackage
package import VFS

/// The calls that programs make of files, beneath one directory: of the system, or of a ``FileSystem`` without any.
///
/// Paths are relative to that directory; `""` is the directory itself. Each call fails as its namesake of POSIX does.
package protocol PosixWorld: Sendable {
  /// open(2), with O_CREAT where `permissions` are given.
  func open(_ path: String, _ flags: OpenFlags, creating permissions: UInt16?) async throws(Errno) -> Descriptor
  func close(_ descriptor: Descriptor) async throws(Errno)
  /// pread(2): fewer bytes than asked for only at the end of the file.
  func read(_ descriptor: Descriptor, at offset: Int64, count: Int) async throws(Errno) -> [UInt8]
  /// pwrite(2); without an offset write(2), of a descriptor that appends.
  func write(_ descriptor: Descriptor, _ bytes: [UInt8], at offset: Int64?) async throws(Errno)
  func fsync(_ descriptor: Descriptor) async throws(Errno)
  func fstat(_ descriptor: Descriptor) async throws(Errno) -> Attributes
  func ftruncate(_ descriptor: Descriptor, to size: Int64) async throws(Errno)

  /// lstat(2).
  func stat(_ path: String) async throws(Errno) -> Attributes
  func truncate(_ path: String, to size: Int64) async throws(Errno)
  func chmod(_ path: String, _ permissions: UInt16) async throws(Errno)
  /// utimensat(2); what is nil stays.
  func setTimes(_ path: String, accessed: Timestamp?, modified: Timestamp?) async throws(Errno)
  func mkdir(_ path: String, permissions: UInt16) async throws(Errno)
  func rmdir(_ path: String) async throws(Errno)
  func unlink(_ path: String) async throws(Errno)
  func rename(_ path: String, to newPath: String, _ flags: RenameFlags) async throws(Errno)
  /// The names of a directory in the order of readdir(3), without `.` and `..`.
  func list(_ path: String) async throws(Errno) -> [String]
}

/// An open file of a ``PosixWorld``.
package struct Descriptor: Hashable, Sendable {
  let number: Int
}

/// What does not hold.
package struct FactFailure: Error, CustomStringConvertible {
  package let description: String
}

// The words in which facts are told.
extension PosixWorld {
  func expect(_ condition: Bool, _ text: @autoclosure () -> String = "", line: Int = #line) throws {
    if !condition { throw FactFailure(description: "line \(line): \(text())") }
  }

  func fails<Value>(_ expected: Errno, line: Int = #line, _ body: () async throws(Errno) -> Value) async throws {
    do throws(Errno) {
      _ = try await body()
    } catch {
      return try expect(error == expected, "\(error) and not \(expected)", line: line)
    }
    throw FactFailure(description: "line \(line): no error, and not \(expected)")
  }

  func open(_ path: String, _ flags: OpenFlags) async throws(Errno) -> Descriptor {
    try await open(path, flags, creating: nil)
  }

  func make(_ path: String, _ text: String = "") async throws(Errno) {
    let file = try await open(path, [.write, .truncate], creating: 0o644)
    if !text.isEmpty { try await write(file, text, at: 0) }
    try await close(file)
  }

  func write(_ descriptor: Descriptor, _ text: String, at offset: Int64? = nil) async throws(Errno) {
    try await write(descriptor, Array(text.utf8), at: offset)
  }

  func text(_ descriptor: Descriptor, at offset: Int64 = 0, count: Int = 1 << 20) async throws(Errno) -> String {
    String(decoding: try await read(descriptor, at: offset, count: count), as: UTF8.self)
  }

  func text(_ path: String) async throws(Errno) -> String {
    let file = try await open(path, .read)
    let text = try await text(file)
    try await close(file)
    return text
  }

  func names(_ path: String = "") async throws(Errno) -> [String] { try await list(path).sorted() }
  func mkdir(_ path: String) async throws(Errno) { try await mkdir(path, permissions: 0o755) }
  func rename(_ path: String, to newPath: String) async throws(Errno) { try await rename(path, to: newPath, []) }
  func setModified(_ path: String, _ seconds: Int64) async throws(Errno) {
    try await setTimes(path, accessed: nil, modified: Timestamp(seconds: seconds))
  }
}
