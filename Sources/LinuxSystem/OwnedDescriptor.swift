package import CLinux
internal import Glibc
internal import Synchronization
package import SystemPackage

/// A file descriptor that is closed with its last reference, or earlier by ``close()``.
package final class OwnedDescriptor: Sendable {
  package let rawValue: Int32
  private let isOpen = Atomic(true)

  /// Takes ownership of an open descriptor.
  package init(owning rawValue: Int32) {
    self.rawValue = rawValue
  }

  deinit { close() }

  /// Closes it now, even if others still refer to it. Nobody may use it afterwards.
  package func close() {
    if isOpen.exchange(false, ordering: .acquiringAndReleasing) { Glibc.close(rawValue) }
  }

  /// Opens a path that this program chose, never one from a request. Child processes do not inherit the descriptor.
  package static func open(path: String, flags: Int32, mode: UInt32 = 0) throws(Errno) -> OwnedDescriptor {
    OwnedDescriptor(owning: try retrying { Glibc.open(path, flags | O_CLOEXEC, mode) })
  }

  package func writeAll(_ bytes: UnsafeRawBufferPointer) throws(Errno) {
    var rest = bytes
    while !rest.isEmpty {
      let written = try retrying { write(rawValue, rest.baseAddress, rest.count) }
      rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(written))
    }
  }

  package func writeAll(_ bytes: [UInt8]) throws(Errno) {
    let result = bytes.withUnsafeBytes { buffer -> Result<Void, Errno> in
      do throws(Errno) { return .success(try writeAll(buffer)) } catch { return .failure(error) }
    }
    try result.get()
  }

  /// Reads until the end, but at most `limit` bytes.
  package func readAll(limit: Int = .max) throws(Errno) -> [UInt8] {
    var bytes: [UInt8] = []
    while bytes.count < limit {
      let piece = try read(upTo: min(64 << 10, limit - bytes.count))
      if piece.isEmpty { break }
      bytes += piece
    }
    return bytes
  }

  /// Reads until the other end is closed. `isWhole` is false if the deadline comes first, or if there are more than
  /// `limit` bytes.
  package func readAll(
    before deadline: ContinuousClock.Instant, limit: Int = .max
  ) throws(Errno) -> (bytes: [UInt8], isWhole: Bool) {
    var bytes: [UInt8] = []
    while bytes.count <= limit {
      guard try isReadable(before: deadline) else { return (bytes, false) }
      let piece = try read(upTo: 64 << 10)
      if piece.isEmpty { return (bytes, true) }
      bytes += piece
    }
    return (bytes, false)
  }

  /// Waits until there is something to read or the other end is closed (poll(2)).
  /// - Returns: false if the deadline comes first.
  package func isReadable(before deadline: ContinuousClock.Instant) throws(Errno) -> Bool {
    let ready = try retrying {
      var waiting = pollfd(fd: rawValue, events: Int16(POLLIN), revents: 0)
      return poll(&waiting, 1, Int32(clamping: Int64(max(0, ((deadline - .now) / .milliseconds(1)).rounded(.up)))))
    }
    return ready > 0
  }

  private func read(upTo count: Int) throws(Errno) -> [UInt8] {
    var failure: Errno?
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      do throws(Errno) {
        initialized = try retrying { Glibc.read(rawValue, buffer.baseAddress, count) }
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return bytes
  }

  package func status() throws(Errno) -> linux_status {
    var status = linux_status()
    try checked(linux_fstat(rawValue, &status))
    return status
  }

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
