import Beray
import LinuxSystem
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
  private let descriptor: OwnedDescriptor
  private let space: SpillSpace

  fileprivate init(descriptor: OwnedDescriptor, space: SpillSpace) {
    self.descriptor = descriptor
    self.space = space
  }

  /// Opens a file in `directory`, which is made (0700) if it is missing.
  fileprivate static func open(in directory: String) throws(Errno) -> OwnedDescriptor {
    let prefix = FilePath(directory).appending("spill")
    do throws(Errno) { return OwnedDescriptor(try TemporaryFile(prefix).unlinked()) } catch {
      guard error == .noSuchFileOrDirectory else { throw error }
    }
    try Directory.make(FilePath(directory))
    return OwnedDescriptor(try TemporaryFile(prefix).unlinked())
  }

  deinit {
    // To free the room of a large file takes a disk long.
    DiskExecutor.later { [descriptor] in descriptor.close() }
    space.closed()
  }

  /// - Parameter leavingRoom: whether it fails with ENOSPC before others have no room: for what a server may send
  ///   without an end.
  func write(_ bytes: ArraySlice<UInt8>, at offset: Int64, leavingRoom: Bool = false) throws(Errno) {
    if leavingRoom { try checkRoom(from: offset, to: offset + Int64(bytes.count)) }
    try descriptor.writeAll(bytes, at: offset)
  }

  /// Checks from time to time that a twentieth of the file system is still free.
  private func checkRoom(from start: Int64, to end: Int64) throws(Errno) {
    guard start >> 24 != end >> 24 else { return }
    var status = statvfs()
    guard fstatvfs(descriptor.rawValue, &status) == 0 else { return }
    guard status.f_bavail > status.f_blocks / 20 else { throw .noSpace }
  }

  /// What the file holds of `offset ..< offset + count`.
  func read(at offset: Int64, count: Int) throws(Errno) -> ArraySlice<UInt8> {
    try descriptor.read(at: offset, count: count)[...]
  }

  /// Cuts the file, or makes it longer with zeros that take no room.
  func truncate(to size: Int64) throws(Errno) {
    try retrying { ftruncate(descriptor.rawValue, off_t(size)) }
  }
}
