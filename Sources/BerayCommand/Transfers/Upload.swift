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
    let descriptor = try temporaryFile(in: directory)
    var failure: Errno?
    try input.forEachPiece { piece in
      guard failure == nil else { return }
      do throws(Errno) { try descriptor.writeAll(piece) } catch { failure = error }
    }
    if let failure { throw .system("keep standard input in \(directory)", failure.rawValue) }
    return descriptor.take()
  }

  private static func temporaryFile(in directory: String) throws(CommandError) -> Descriptor {
    do throws(Errno) { return try TemporaryFile(FilePath(directory).appending("beray-fs")).unlinked() } catch {
      throw .system("make a temporary file in \(directory)", error.rawValue)
    }
  }
}
