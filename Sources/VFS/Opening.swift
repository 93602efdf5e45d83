/// How a program opens a file: the flags of open(2) that a file system sees.
package struct OpenFlags: OptionSet, Sendable, Hashable {
  package let rawValue: UInt8
  package init(rawValue: UInt8) { self.rawValue = rawValue }

  /// The corresponding C constants are `O_RDONLY` and `O_RDWR`.
  package static let read = OpenFlags(rawValue: 1 << 0)
  /// The corresponding C constants are `O_WRONLY` and `O_RDWR`.
  package static let write = OpenFlags(rawValue: 1 << 1)
  /// The corresponding C constant is `O_APPEND`.
  package static let append = OpenFlags(rawValue: 1 << 2)
  /// The corresponding C constant is `O_TRUNC`. It comes with open itself (`FUSE_ATOMIC_O_TRUNC`).
  package static let truncate = OpenFlags(rawValue: 1 << 3)
  /// The corresponding C constant is `O_EXCL`.
  package static let exclusive = OpenFlags(rawValue: 1 << 4)
  /// The corresponding C constant is `O_NONBLOCK`. A read passes the current flags, which fcntl(2) may have changed.
  package static let nonBlocking = OpenFlags(rawValue: 1 << 5)
}

/// The answer to open, create and opendir: a handle, and how the kernel treats it.
package struct OpenReply: Sendable, Hashable {
  package struct Options: OptionSet, Sendable, Hashable {
    package let rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Every read and write reaches the file system and bypasses the page cache. `FOPEN_DIRECT_IO`.
    package static let directIO = Options(rawValue: 1 << 0)
    /// Cached pages of an earlier open stay valid. `FOPEN_KEEP_CACHE`.
    package static let keepCache = Options(rawValue: 1 << 1)
    /// The kernel sends no FLUSH when the file is closed. Only for read-only handles. `FOPEN_NOFLUSH`.
    package static let noFlush = Options(rawValue: 1 << 2)
    /// lseek(2) and pread(2) fail with ESPIPE. `FOPEN_NONSEEKABLE`.
    package static let nonSeekable = Options(rawValue: 1 << 3)
    /// The kernel caches the listing. `FOPEN_CACHE_DIR`.
    package static let cacheDirectory = Options(rawValue: 1 << 4)
  }

  package var handle: HandleID
  package var options: Options

  package init(handle: HandleID, options: Options = []) {
    self.handle = handle
    self.options = options
  }
}

/// The answer to create: the new entry, and its open handle.
package struct CreateReply: Sendable, Hashable {
  package var entry: Entry
  package var open: OpenReply

  package init(entry: Entry, open: OpenReply) {
    self.entry = entry
    self.open = open
  }
}

/// The flags of renameat2(2).
package struct RenameFlags: OptionSet, Sendable, Hashable {
  package let rawValue: UInt32
  package init(rawValue: UInt32) { self.rawValue = rawValue }

  /// The corresponding C constant is `RENAME_NOREPLACE`.
  package static let noReplace = RenameFlags(rawValue: 1)
  /// The corresponding C constant is `RENAME_EXCHANGE`.
  package static let exchange = RenameFlags(rawValue: 2)
}

/// The events that poll(2) reports for a handle.
package struct PollEvents: OptionSet, Sendable, Hashable {
  package let rawValue: UInt8
  package init(rawValue: UInt8) { self.rawValue = rawValue }

  /// The corresponding C constant is `POLLIN`.
  package static let readable = PollEvents(rawValue: 1 << 0)
  /// The corresponding C constant is `POLLOUT`.
  package static let writable = PollEvents(rawValue: 1 << 1)
  /// The corresponding C constant is `POLLHUP`.
  package static let hangUp = PollEvents(rawValue: 1 << 2)
}
