import CFuse
import Glibc
import VFS

/// As many directory entries as fit, in the kernel's format.
///
/// The buffer adds `.` and `..` before the entries of the file system. A position is the file system's cookie, or one
/// of the two largest values of `off_t` for the dots.
///
/// `@unchecked Sendable`: the bytes belong to one buffer and are not written after it is sent.
struct DirectoryBuffer: @unchecked Sendable {
  private static let afterSelf = off_t.max - 1
  private static let afterParent = off_t.max

  /// Owns the bytes.
  private final class Storage {
    let bytes: UnsafeMutableRawBufferPointer
    init(capacity: Int) { bytes = .allocate(byteCount: max(capacity, 1), alignment: 8) }
    deinit { bytes.deallocate() }
  }

  private let request: OpaquePointer
  private let storage: Storage
  private let capacity: Int
  private let withAttributes: Bool
  private var used = 0
  /// The inodes whose lookup the kernel will count when it takes the buffer.
  private(set) var counted: [InodeID] = []
  /// The inodes that the file system counted but the kernel will not.
  private(set) var miscounted: [InodeID] = []

  /// - Parameter request: The request, which must stay unanswered while entries are added.
  init(request: OpaquePointer, capacity: Int, withAttributes: Bool) {
    self.request = request
    self.capacity = capacity
    self.withAttributes = withAttributes
    storage = Storage(capacity: capacity)
  }

  var isEmpty: Bool { used == 0 }

  /// Adds `.` and `..`, unless `offset` is past them.
  /// - Returns: The cookie from which the file system's entries continue; nil if the buffer is full.
  mutating func addDots(from offset: off_t, of inode: InodeID) -> UInt64? {
    if offset != 0, offset != Self.afterSelf, offset != Self.afterParent { return UInt64(bitPattern: Int64(offset)) }
    if offset == 0, !append(".", inode, .directory, nil, Self.afterSelf) { return nil }
    // Nobody needs the real inode number of the parent, but 0 would hide the entry from readdir(3).
    if offset != Self.afterParent, !append("..", InodeID(rawValue: 0xffff_ffff), .directory, nil, Self.afterParent) {
      return nil
    }
    return 0
  }

  /// - Returns: Whether the entry fitted.
  mutating func add(_ entry: borrowing DirectoryEntry) -> Bool {
    let name = entry.name
    if name.utf8.elementsEqual(".".utf8) || name.utf8.elementsEqual("..".utf8) {
      if withAttributes, let inode = entry.entry?.attributes.inode { miscounted.append(inode) }
      return true
    }
    guard append(name.string, entry.inode, entry.kind, entry.entry, off_t(truncatingIfNeeded: entry.cookie)) else {
      return false
    }
    if withAttributes, let inode = entry.entry?.attributes.inode { counted.append(inode) }
    return true
  }

  /// Without `entry`, readdirplus sends the node id 0. Then the kernel only learns the name, and looks it up when
  /// needed.
  private mutating func append(
    _ name: String, _ inode: InodeID, _ kind: FileKind, _ entry: Entry?, _ next: off_t
  ) -> Bool {
    let room = capacity - used
    let target = (storage.bytes.baseAddress! + used).assumingMemoryBound(to: CChar.self)
    let size: Int
    if withAttributes {
      var parameters = entry?.parameters ?? fuse_entry_param()
      parameters.attr.st_ino = UInt(inode.rawValue)
      parameters.attr.st_mode |= kind.modeBits
      size = name.withCString { fuse_add_direntry_plus(request, target, room, $0, &parameters, next) }
    } else {
      var status = stat()
      status.st_ino = UInt(inode.rawValue)
      status.st_mode = kind.modeBits
      size = name.withCString { fuse_add_direntry(request, target, room, $0, &status, next) }
    }
    guard size <= room else { return false }
    used += size
    return true
  }

  func send(to request: OpaquePointer) -> Int32 {
    fuse_reply_buf(request, storage.bytes.baseAddress?.assumingMemoryBound(to: CChar.self), used)
  }
}
