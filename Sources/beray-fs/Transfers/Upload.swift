import BerayClient
import Glibc
import SystemPackage

/// A file of this machine that goes to the server.
final class Upload: Sendable {
  /// Bytes.
  let length: Int64
  private let descriptor: Int32
  private let name: String

  /// - Parameter file: a path, or `-`: standard input is then kept in an unlinked temporary file, for its length must be known.
  init(file: String) throws(CommandError) {
    name = file
    descriptor = file == "-" ? try Self.spooledInput() : Glibc.open(file, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .system("read \(file)", errno) }
    guard let status = FileStatus(of: descriptor), status.isRegularFile else {
      close(descriptor)
      throw .badUse("\(file) is not a regular file", advice: "give files one by one, or '-' for standard input")
    }
    length = status.size
  }

  deinit { close(descriptor) }

  /// What the client sends; each try reads the file from its start.
  func body(_ progress: Progress) -> UploadBody {
    UploadBody(length: length) {
      ByteStream {
        var offset: Int64 = 0
        return { () async throws(BerayError) in
          let piece = try self.read(at: offset)
          guard !piece.isEmpty else { return nil }
          offset += Int64(piece.count)
          progress.add(piece.count)
          return piece
        }
      }
    }
  }

  /// At most 256 KiB at `offset`, never past the length that was promised.
  private func read(at offset: Int64) throws(BerayError) -> [UInt8] {
    let wanted = Int(min(256 << 10, length - offset))
    guard wanted > 0 else { return [] }
    var code: Int32 = 0
    let piece = [UInt8](unsafeUninitializedCapacity: wanted) { buffer, count in
      count = max(0, pread(descriptor, buffer.baseAddress, wanted, off_t(offset)))
      if count == 0 { code = errno }
    }
    guard !piece.isEmpty else {
      throw BerayError(
        .invalidRequest, detail: "\(name) became shorter while it was read (errno \(code))", operation: "upload")
    }
    return piece
  }

  private static func spooledInput() throws(CommandError) -> Int32 {
    let directory = Environment.current()["TMPDIR"] ?? "/tmp"
    var template = Array("\(directory)/beray-fs.XXXXXX".utf8CString)
    let descriptor = mkstemp(&template)
    guard descriptor >= 0 else { throw .system("make a temporary file in \(directory)", errno) }
    unlink(template)
    var failure: Int32 = 0
    try StandardInput.forEachPiece { piece in
      var rest = piece
      while failure == 0, !rest.isEmpty {
        let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
        if count > 0 { rest = rest.dropFirst(count) } else if errno != EINTR { failure = errno }
      }
    }
    guard failure == 0 else {
      close(descriptor)
      throw .system("keep standard input in \(directory)", failure)
    }
    return descriptor
  }
}
