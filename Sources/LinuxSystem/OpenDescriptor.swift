package import CLinux
internal import Glibc
package import SystemPackage

/// Holds an open file descriptor. Calls that a signal interrupts are repeated.
package protocol OpenDescriptor: ~Copyable {
  var rawValue: Int32 { get }
}

extension OpenDescriptor where Self: ~Copyable {
  /// The link in proc(5) that leads to the open file, even if its name belongs to another file by now.
  package var procPath: String { "/proc/self/fd/\(rawValue)" }

  package func writeAll(_ bytes: UnsafeRawBufferPointer) throws(Errno) {
    do { try FileDescriptor(rawValue: rawValue).writeAll(bytes) } catch { throw error as? Errno ?? .ioError }
  }

  package func writeAll(_ bytes: some Sequence<UInt8>) throws(Errno) {
    do { try FileDescriptor(rawValue: rawValue).writeAll(bytes) } catch { throw error as? Errno ?? .ioError }
  }

  /// Does not move the position of the file.
  package func writeAll(_ bytes: UnsafeRawBufferPointer, at offset: Int64) throws(Errno) {
    do { try FileDescriptor(rawValue: rawValue).writeAll(toAbsoluteOffset: offset, bytes) } catch {
      throw error as? Errno ?? .ioError
    }
  }

  /// Does not move the position of the file.
  package func writeAll(_ bytes: some Sequence<UInt8>, at offset: Int64) throws(Errno) {
    do { try FileDescriptor(rawValue: rawValue).writeAll(toAbsoluteOffset: offset, bytes) } catch {
      throw error as? Errno ?? .ioError
    }
  }

  /// Makes one read(2).
  /// - Returns: how many bytes it read; 0 at the end.
  package func read(into buffer: UnsafeMutableRawBufferPointer) throws(Errno) -> Int {
    try retrying { Glibc.read(rawValue, buffer.baseAddress, buffer.count) }
  }

  /// Fills the buffer, unless the file ends before. Does not move the position of the file.
  /// - Returns: how many bytes it read.
  package func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int64) throws(Errno) -> Int {
    var done = 0
    while done < buffer.count {
      let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[done...])
      let count = try retrying { pread(rawValue, rest.baseAddress, rest.count, off_t(offset) + done) }
      if count == 0 { break }
      done += count
    }
    return done
  }

  /// Reads `count` bytes, or fewer if the file ends before. Does not move the position of the file.
  package func read(at offset: Int64, count: Int) throws(Errno) -> [UInt8] {
    try Self.bytes(count) { (buffer) throws(Errno) in try read(into: buffer, at: offset) }
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

  package func status() throws(Errno) -> linux_status {
    var status = linux_status()
    try checked(linux_fstat(rawValue, &status))
    return status
  }

  private func read(upTo count: Int) throws(Errno) -> [UInt8] {
    try Self.bytes(count) { (buffer) throws(Errno) in try read(into: buffer) }
  }

  /// The first bytes of a buffer for `count`: as many as `fill` returns.
  private static func bytes(
    _ count: Int, _ fill: (UnsafeMutableRawBufferPointer) throws(Errno) -> Int
  ) throws(Errno) -> [UInt8] {
    var failure: Errno?
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      do throws(Errno) {
        initialized = try fill(UnsafeMutableRawBufferPointer(start: buffer.baseAddress, count: count))
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return bytes
  }
}
