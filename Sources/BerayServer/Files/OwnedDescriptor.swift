internal import CLinux
internal import Glibc
internal import Synchronization
internal import SystemPackage

/// A file descriptor that is closed with its last reference, or before by ``close()``.
final class OwnedDescriptor: Sendable {
  let rawValue: Int32
  private let isOpen = Atomic(true)

  /// Takes ownership of an open descriptor.
  init(owning rawValue: Int32) {
    self.rawValue = rawValue
  }

  deinit { close() }

  /// Closes it now, whoever still refers to it; nobody may use it afterwards.
  func close() {
    if isOpen.exchange(false, ordering: .acquiringAndReleasing) { Glibc.close(rawValue) }
  }

  /// Opens a path of the server's own, never one that came in a request.
  static func open(path: String, flags: Int32, mode: mode_t = 0) throws(Errno) -> OwnedDescriptor {
    OwnedDescriptor(owning: try checked(Glibc.open(path, flags | O_CLOEXEC, mode)))
  }

  func writeAll(_ bytes: UnsafeRawBufferPointer) throws(Errno) {
    var rest = bytes
    while !rest.isEmpty {
      let written = write(rawValue, rest.baseAddress, rest.count)
      if written < 0 {
        guard errno == EINTR else { throw Errno(rawValue: errno) }
        continue
      }
      rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(written))
    }
  }

  func writeAll(_ bytes: [UInt8]) throws(Errno) {
    let result = bytes.withUnsafeBytes { buffer -> Result<Void, Errno> in
      do throws(Errno) { return .success(try writeAll(buffer)) } catch { return .failure(error) }
    }
    try result.get()
  }

  func status() throws(Errno) -> linux_status {
    var status = linux_status()
    _ = try checked(linux_fstat(rawValue, &status))
    return status
  }
}

/// Turns the -1 of a system call into the error that errno(3) names.
@discardableResult
func checked(_ result: Int32) throws(Errno) -> Int32 {
  guard result >= 0 else { throw Errno(rawValue: errno) }
  return result
}

/// Turns the -1 of a system call into the error that errno(3) names.
@discardableResult
func checked(_ result: Int) throws(Errno) -> Int {
  guard result >= 0 else { throw Errno(rawValue: errno) }
  return result
}

extension OwnedDescriptor {
  /// The names in order of their texts' bytes.
  func entryNames() throws(Errno) -> [EntryName] {
    try rawEntryNames().map(EntryName.init(kernel:)).sorted { $0.text.utf8.lexicographicallyPrecedes($1.text.utf8) }
  }

  /// The names as the kernel gives them, each with the NUL byte at its end, in no order.
  func rawEntryNames() throws(Errno) -> [[CChar]] {
    let copy = try checked(fcntl(rawValue, F_DUPFD_CLOEXEC, 0))
    guard let stream = fdopendir(copy) else {
      Glibc.close(copy)
      throw Errno(rawValue: errno)
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
