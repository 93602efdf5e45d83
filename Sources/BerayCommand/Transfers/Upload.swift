import Beray
import Glibc
import LinuxSystem
import SystemPackage

/// A local file to upload.
struct Upload: Sendable {
  private let content: UploadBody

  let isExecutable: Bool

  /// - Parameters:
  ///   - file: a path, or `-` for standard input. Standard input is first copied to an unlinked temporary file, because
  ///     its length must be known.
  ///   - spool: the directory of that temporary file.
  init(file: String, input: StandardInput, spool: String = "/tmp") throws(CommandError) {
    let descriptor =
      file == "-" ? try Self.spooled(input, in: spool) : Glibc.open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw .system("read \(file)", errno) }
    isExecutable = file != "-" && (FileStatus(of: descriptor)?.permissions ?? 0) & 0o100 != 0
    do {
      content = try UploadBody.file(descriptor: descriptor, name: file)
    } catch {
      throw .badUse("\(file) is not a regular file", advice: "use -r for a directory, or '-' for standard input")
    }
  }

  /// The length in bytes.
  var length: Int64 { content.length }

  /// The request body. Each attempt reads the file from its start.
  func body(_ progress: Progress) -> UploadBody {
    UploadBody(length: length) { [content] in
      ByteStream {
        var pieces = content.open().makeAsyncIterator()
        return { () async throws(BerayError) in
          let piece = try await pieces.next()
          progress.add(piece?.count ?? 0)
          return piece
        }
      }
    }
  }

  private static func spooled(_ input: StandardInput, in directory: String) throws(CommandError) -> Int32 {
    var template = Array("\(directory)/beray-fs.XXXXXX".utf8CString)
    let descriptor = mkstemp(&template)
    guard descriptor >= 0 else { throw .system("make a temporary file in \(directory)", errno) }
    unlink(template)
    var failure: Int32 = 0
    try input.forEachPiece { piece in
      var rest = piece[...]
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
