/// A point in time as `struct timespec` holds it: seconds and nanoseconds since 1970-01-01T00:00:00Z.
package struct Timestamp: Hashable, Comparable, Sendable {
  package var seconds: Int64
  /// From 0 to 999,999,999, even before 1970.
  package var nanoseconds: Int32

  package init(seconds: Int64, nanoseconds: Int32 = 0) {
    self.seconds = seconds
    self.nanoseconds = nanoseconds
  }

  package static func < (a: Self, b: Self) -> Bool {
    (a.seconds, a.nanoseconds) < (b.seconds, b.nanoseconds)
  }
}

/// What kind of file an inode is: the `S_IFMT` part of `st_mode`.
package enum FileKind: Sendable, Hashable {
  case regular
  case directory
  case symbolicLink
}

/// The attributes of an inode: the part of `struct stat` that this file system has.
package struct Attributes: Sendable, Hashable {
  package var inode: InodeID
  package var kind: FileKind
  /// Permission bits only, `0o7777` at most.
  package var permissions: UInt16
  package var linkCount: UInt32
  package var user: UInt32
  package var group: UInt32
  /// Bytes.
  package var size: Int64
  package var accessed: Timestamp
  package var modified: Timestamp
  package var changed: Timestamp

  package init(
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
package struct AttributeReply: Sendable, Hashable {
  package var attributes: Attributes
  package var timeout: Duration

  package init(_ attributes: Attributes, timeout: Duration) {
    self.attributes = attributes
    self.timeout = timeout
  }
}

/// The answer to a lookup. Each entry that reaches the kernel adds one to the lookup count of its inode.
/// ``FileSystem/forget(_:count:)`` lowers that count.
package struct Entry: Sendable, Hashable {
  package var attributes: Attributes
  package var attributeTimeout: Duration
  /// How long the kernel may cache the name.
  package var nameTimeout: Duration

  package init(_ attributes: Attributes, attributeTimeout: Duration, nameTimeout: Duration) {
    self.attributes = attributes
    self.attributeTimeout = attributeTimeout
    self.nameTimeout = nameTimeout
  }
}

/// The changes that a `setattr` asks for. Nil leaves a value as it is.
package struct AttributeChanges: Sendable, Hashable {
  /// A time to set: `UTIME_NOW` or a value. `UTIME_OMIT` is nil.
  package enum Time: Sendable, Hashable {
    case now
    case at(Timestamp)
  }

  package var permissions: UInt16?
  package var user: UInt32?
  package var group: UInt32?
  package var size: Int64?
  package var accessed: Time?
  package var modified: Time?

  package init(
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
package struct FileSystemStatistics: Sendable, Hashable {
  /// Bytes per block.
  package var blockSize: UInt64
  package var blocks: UInt64
  package var freeBlocks: UInt64
  package var files: UInt64
  package var freeFiles: UInt64
  package var maximumNameLength: UInt64

  package init(
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
