/// A point in time as `struct timespec` holds it: seconds and nanoseconds since 1970-01-01T00:00:00Z.
public struct Timestamp: Hashable, Comparable, Sendable {
  public var seconds: Int64
  /// From 0 to 999,999,999, even before 1970.
  public var nanoseconds: Int32

  public init(seconds: Int64, nanoseconds: Int32 = 0) {
    self.seconds = seconds
    self.nanoseconds = nanoseconds
  }

  public static func < (a: Self, b: Self) -> Bool {
    (a.seconds, a.nanoseconds) < (b.seconds, b.nanoseconds)
  }
}

/// What kind of file an inode is: the `S_IFMT` part of `st_mode`.
public enum FileKind: Sendable, Hashable {
  case regular
  case directory
  case symbolicLink
}

/// The attributes of an inode: the part of `struct stat` that this file system has.
public struct Attributes: Sendable, Hashable {
  public var inode: InodeID
  public var kind: FileKind
  /// Permission bits only, `0o7777` at most.
  public var permissions: UInt16
  public var linkCount: UInt32
  public var user: UInt32
  public var group: UInt32
  /// Bytes.
  public var size: Int64
  public var accessed: Timestamp
  public var modified: Timestamp
  public var changed: Timestamp

  public init(
    inode: InodeID, kind: FileKind, permissions: UInt16, linkCount: UInt32 = 1, user: UInt32, group: UInt32,
    size: Int64, accessed: Timestamp, modified: Timestamp, changed: Timestamp
  ) {
    self.inode = inode
    self.kind = kind
    self.permissions = permissions
    self.linkCount = linkCount
    self.user = user
    self.group = group
    self.size = size
    self.accessed = accessed
    self.modified = modified
    self.changed = changed
  }
}

/// Attributes, and how long the kernel may cache them.
public struct AttributeReply: Sendable, Hashable {
  public var attributes: Attributes
  public var timeout: Duration

  public init(_ attributes: Attributes, timeout: Duration) {
    self.attributes = attributes
    self.timeout = timeout
  }
}

/// The answer to a lookup. Each entry that reaches the kernel adds one to the lookup count of its inode.
/// ``FileSystem/forget(_:count:)`` lowers that count.
public struct Entry: Sendable, Hashable {
  public var attributes: Attributes
  public var attributeTimeout: Duration
  /// How long the kernel may cache the name.
  public var nameTimeout: Duration

  public init(_ attributes: Attributes, attributeTimeout: Duration, nameTimeout: Duration) {
    self.attributes = attributes
    self.attributeTimeout = attributeTimeout
    self.nameTimeout = nameTimeout
  }
}

/// The changes that a `setattr` asks for. Nil leaves a value as it is.
public struct AttributeChanges: Sendable, Hashable {
  /// A time to set: `UTIME_NOW` or a value. `UTIME_OMIT` is nil.
  public enum Time: Sendable, Hashable {
    case now
    case at(Timestamp)
  }

  public var permissions: UInt16?
  public var user: UInt32?
  public var group: UInt32?
  public var size: Int64?
  public var accessed: Time?
  public var modified: Time?

  public init(
    permissions: UInt16? = nil, user: UInt32? = nil, group: UInt32? = nil, size: Int64? = nil, accessed: Time? = nil,
    modified: Time? = nil
  ) {
    self.permissions = permissions
    self.user = user
    self.group = group
    self.size = size
    self.accessed = accessed
    self.modified = modified
  }
}

/// The statistics of the whole file system, for `statfs`.
public struct FileSystemStatistics: Sendable, Hashable {
  /// Bytes per block.
  public var blockSize: UInt64
  public var blocks: UInt64
  public var freeBlocks: UInt64
  public var files: UInt64
  public var freeFiles: UInt64
  public var maximumNameLength: UInt64

  public init(
    blockSize: UInt64, blocks: UInt64, freeBlocks: UInt64, files: UInt64, freeFiles: UInt64,
    maximumNameLength: UInt64 = UInt64(Name.maximumLength)
  ) {
    self.blockSize = blockSize
    self.blocks = blocks
    self.freeBlocks = freeBlocks
    self.files = files
    self.freeFiles = freeFiles
    self.maximumNameLength = maximumNameLength
  }
}
