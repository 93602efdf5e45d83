internal import CLinux
internal import Glibc
internal import LinuxSystem
internal import SystemPackage

/// Bytes to append to a file. All are collected before the first is written, so an interrupted request leaves nothing
/// behind. Calls block.
struct FileAppend: Sendable {
  private let work: AgentDirectory
  private let target: RelativePath
  private var bytes: [UInt8] = []
  /// Holds the bytes once they are too many for memory.
  private var spool: Spool?
  private static let memory = 1 << 20

  init(to target: RelativePath, in work: AgentDirectory) throws {
    guard !target.isRoot else { throw HTTPFailure.conflict("It is a directory: .") }
    self.work = work
    self.target = target
  }

  mutating func add(_ piece: UnsafeRawBufferPointer) throws {
    bytes += piece
    guard bytes.count > Self.memory else { return }
    try HTTPFailure.translating(target.text) {
      try work.create()
      let spool = try self.spool ?? Spool(in: work.temporary)
      try spool.file.writeAll(bytes)
      self.spool = spool
    }
    bytes = []
  }

  /// Appends the bytes to the file, and creates it if it is missing.
  /// - Returns: the new version of the file, and the offset of the first appended byte.
  /// - Throws: ``FileBusy`` if another request is writing the file.
  func commit(_ condition: FileCondition) throws -> (version: StoredVersion, offset: Int64) {
    try HTTPFailure.translating(target.text) {
      let place: OwnedDescriptor
      do throws(Errno) { place = try work.open(target, flags: LINUX_O_PATH) } catch {
        guard error == .noSuchFileOrDirectory else { throw error }
        try condition.check(nil, target)
        return try append(to: try make(), FileCondition())
      }
      return try append(to: place, condition)
    }
  }

  /// Opens the file after creating it, unless another request has just created it.
  private func make() throws(Errno) -> OwnedDescriptor {
    try work.create()
    try work.makeDirectories(target.parent)
    do throws(Errno) { try work.makeFile(target) } catch {
      guard error == .fileExists else { throw error }
    }
    return try work.open(target, flags: LINUX_O_PATH)
  }

  private func append(
    to place: OwnedDescriptor, _ condition: FileCondition
  ) throws -> (version: StoredVersion, offset: Int64) {
    let status = try place.status()
    guard status.mode & S_IFMT != S_IFDIR else { throw Errno.isDirectory }
    guard status.mode & S_IFMT == S_IFREG else { throw HTTPFailure.badRequest("\(target.text) is not a regular file") }
    return try work.guards.file(status).holding {
      let status = try place.status()
      try condition.check(work.version(status), target)
      let file = try place.reopenedForWriting(flags: O_APPEND)
      let count = try self.count
      // If the disk is full, write nothing rather than a part.
      try file.reserve(status.size + count, of: status)
      try write(to: file)
      // O_APPEND leaves the offset at the end of our bytes, even if the agent appended to the file too.
      let end = lseek(file.rawValue, 0, SEEK_CUR)
      work.grain.mark(file)
      return (StoredVersion(try file.status()), count == 0 ? status.size : Int64(end) - count)
    }
  }

  private var count: Int64 {
    get throws(Errno) { Int64(bytes.count) + (try spool?.file.status().size ?? 0) }
  }

  private func write(to file: OwnedDescriptor) throws(Errno) {
    if let spool {
      var offset: Int64 = 0
      while true {
        let piece = try spool.file.read(at: offset, count: 512 * 1024)
        if piece.isEmpty { break }
        try file.writeAll(piece)
        offset += Int64(piece.count)
      }
    }
    // Use one write if possible, so that no line of an agent gets in between.
    if !bytes.isEmpty { try file.writeAll(bytes) }
  }
}
