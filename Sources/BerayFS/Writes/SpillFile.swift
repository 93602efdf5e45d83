import Beray
import Synchronization
import SystemPackage

#if canImport(Glibc)
import Glibc
#endif

/// Makes temporary files in one directory. Each takes a descriptor, so their number leaves enough for connections and
/// everything else.
final class SpillSpace: Sendable {
  private let directory: String
  private let fixedLimit: Int?
  private let count = Atomic(0)

  /// - Parameter limit: the largest number of files at one time; nil: as many as leave descriptors for connections.
  init(directory: String, limit: Int? = nil) {
    self.directory = directory
    fixedLimit = limit
  }

  private var limit: Int { fixedLimit ?? DescriptorBudget.share }

  /// The files that are there now.
  var inUse: Int { count.load(ordering: .relaxed) }

  /// - Throws: ENOSPC if there are too many.
  func makeFile() throws(Errno) -> SpillFile {
    guard count.add(1, ordering: .relaxed).newValue <= limit else {
      count.subtract(1, ordering: .relaxed)
      throw .noSpace
    }
    do throws(Errno) {
      return SpillFile(descriptor: try SpillFile.open(in: directory), space: self)
    } catch {
      count.subtract(1, ordering: .relaxed)
      throw error
    }
  }

  fileprivate func closed() { count.subtract(1, ordering: .relaxed) }
}

/// A temporary file without a name: it is gone when its last owner is.
final class SpillFile: Sendable {
  private let descriptor: CInt
  private let space: SpillSpace

  fileprivate init(descriptor: CInt, space: SpillSpace) {
    self.descriptor = descriptor
    self.space = space
  }

  /// Opens a file in `directory`, which is made (0700) if it is missing.
  fileprivate static func open(in directory: String) throws(Errno) -> CInt {
    var created = -1 as CInt
    for attempt in 0..<2 {
      var template = Array((directory + "/spill-XXXXXX").utf8CString)
      created = template.withUnsafeMutableBufferPointer { mkstemp($0.baseAddress!) }
      if created >= 0 {
        _ = fcntl(created, F_SETFD, FD_CLOEXEC)
        template.withUnsafeBufferPointer { _ = unlink($0.baseAddress!) }
        break
      }
      guard attempt == 0, errno == ENOENT else { throw Errno(rawValue: errno) }
      try PrivateDirectory.make(directory)
    }
    guard created >= 0 else { throw .noSuchFileOrDirectory }
    return created
  }

  deinit {
    // To free the room of a large file takes a disk long.
    DiskExecutor.later { [descriptor] in close(descriptor) }
    space.closed()
  }

  /// - Parameter leavingRoom: whether it fails with ENOSPC before others have no room: for what a server may send
  ///   without an end.
  func write(_ bytes: ArraySlice<UInt8>, at offset: Int64, leavingRoom: Bool = false) throws(Errno) {
    if leavingRoom { try checkRoom(from: offset, to: offset + Int64(bytes.count)) }
    let failure = bytes.withUnsafeBytes { write($0, at: offset) }
    if let failure { throw failure }
  }

  /// Checks from time to time that a twentieth of the file system is still free.
  private func checkRoom(from start: Int64, to end: Int64) throws(Errno) {
    guard start >> 24 != end >> 24 else { return }
    var status = statvfs()
    guard fstatvfs(descriptor, &status) == 0 else { return }
    guard status.f_bavail > status.f_blocks / 20 else { throw .noSpace }
  }

  /// Writes all of `bytes`. Returns what went wrong, or nil.
  func write(_ bytes: UnsafeRawBufferPointer, at offset: Int64) -> Errno? {
    var done = 0
    while done < bytes.count {
      let count = pwrite(descriptor, bytes.baseAddress! + done, bytes.count - done, off_t(offset) + done)
      if count < 0 {
        if errno == EINTR { continue }
        return Errno(rawValue: errno)
      }
      done += count
    }
    return nil
  }

  /// What the file holds of `offset ..< offset + count`.
  func read(at offset: Int64, count: Int) throws(Errno) -> ArraySlice<UInt8> {
    var failure: Errno?
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      while initialized < count {
        let got = pread(descriptor, buffer.baseAddress! + initialized, count - initialized, off_t(offset) + initialized)
        if got < 0 {
          if errno == EINTR { continue }
          failure = Errno(rawValue: errno)
          return
        }
        if got == 0 { return }
        initialized += got
      }
    }
    if let failure { throw failure }
    return bytes[...]
  }

  /// Cuts the file, or makes it longer with zeros that take no room.
  func truncate(to size: Int64) throws(Errno) {
    guard ftruncate(descriptor, off_t(size)) == 0 else { throw Errno(rawValue: errno) }
  }
}

extension UploadBody {
  /// A part of a temporary file, read piece by piece.
  static func spilled(_ spill: SpillFile, _ range: Range<Int64>) -> UploadBody {
    UploadBody(length: range.upperBound - range.lowerBound) {
      ByteStream {
        var offset = range.lowerBound
        return { () async throws(BerayError) in
          guard offset < range.upperBound else { return nil }
          let count = Int(min(512 << 10, range.upperBound - offset))
          let start = offset
          offset += Int64(count)
          do throws(Errno) {
            let piece = try await DiskExecutor.run { () throws(Errno) in Array(try spill.read(at: start, count: count))
            }
            // It was cut meanwhile, which makes another upload follow.
            return piece.count < count ? piece + repeatElement(0, count: count - piece.count) : piece
          } catch {
            throw BerayError(.invalidRequest, detail: "cannot read the temporary file: \(error)", operation: "upload")
          }
        }
      }
    }
  }
}
