#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

extension UploadBody {
  /// A file of this machine, as long as it is now. It is read as it leaves, so that only a piece of it is in memory, and
  /// stays open as long as the body lives.
  /// - Throws: ``BerayError/Code/invalidRequest`` if it cannot be read or is no regular file.
  public static func file(_ path: String) throws(BerayError) -> UploadBody {
    try file(descriptor: try OpenFile.open(path), name: path)
  }

  /// - Parameters:
  ///   - descriptor: of a regular file. It is closed with the last use of the body, and where this throws.
  ///   - name: what errors call it.
  package static func file(descriptor: CInt, name: String) throws(BerayError) -> UploadBody {
    let file = OpenFile(descriptor: descriptor, name: name)
    let length = try file.length()
    return UploadBody(length: length) {
      ByteStream {
        var offset: Int64 = 0
        return { () async throws(BerayError) in
          let piece = try file.read(at: offset, upTo: length)
          offset += Int64(piece.count)
          return piece.isEmpty ? nil : piece
        }
      }
    }
  }
}

/// A descriptor that is closed with its last use.
private final class OpenFile: Sendable {
  private let descriptor: CInt
  private let name: String

  init(descriptor: CInt, name: String) {
    self.descriptor = descriptor
    self.name = name
  }

  deinit { close(descriptor) }

  /// - Returns: a descriptor, of a FIFO too, without waiting for who writes there.
  static func open(_ path: String) throws(BerayError) -> CInt {
    let descriptor = openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw fault(path, String(cString: strerror(errno))) }
    return descriptor
  }

  func length() throws(BerayError) -> Int64 {
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw Self.fault(name, "it is not a regular file")
    }
    return Int64(status.st_size)
  }

  /// At most 256 KiB at `offset`, and never past `end`, the length that was promised; empty at the end.
  func read(at offset: Int64, upTo end: Int64) throws(BerayError) -> [UInt8] {
    let wanted = Int(min(256 << 10, end - offset))
    guard wanted > 0 else { return [] }
    var got = -1
    let piece = [UInt8](unsafeUninitializedCapacity: wanted) { buffer, count in
      repeat { got = pread(descriptor, buffer.baseAddress, wanted, off_t(offset)) } while got < 0 && errno == EINTR
      count = max(0, got)
    }
    if got < 0 { throw Self.fault(name, String(cString: strerror(errno))) }
    if got == 0 { throw Self.fault(name, "it became shorter while it was read") }
    return piece
  }

  static func fault(_ name: String, _ reason: String) -> BerayError {
    BerayError(.invalidRequest, detail: "cannot read \(name): \(reason)", operation: "upload")
  }
}
