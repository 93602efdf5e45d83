#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

extension UploadBody {
  /// A local file, at its current length. It is read piece by piece during the upload, and stays open as long as the
  /// body exists.
  /// - Throws: ``BerayError/Code/invalidRequest`` if it cannot be read or is not a regular file.
  public static func file(_ path: String) throws(BerayError) -> UploadBody {
    try file(descriptor: try SourceFile.open(path), name: path)
  }

  /// - Parameters:
  ///   - descriptor: the descriptor of a regular file. The body owns it and closes it after its last use, or when this
  ///     throws.
  ///   - name: the name in error messages.
  package static func file(descriptor: CInt, name: String) throws(BerayError) -> UploadBody {
    let file = SourceFile(descriptor: descriptor, name: name)
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

/// Owns a descriptor and closes it on deinit.
private final class SourceFile: Sendable {
  private let descriptor: CInt
  private let name: String

  init(descriptor: CInt, name: String) {
    self.descriptor = descriptor
    self.name = name
  }

  deinit { close(descriptor) }

  /// Opens a file for reading. It does not wait for a writer if the file is a FIFO.
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

  /// Reads at most 256 KiB at `offset`. It stops at `end`, the promised length, even if the file has grown. Empty at
  /// the end.
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
