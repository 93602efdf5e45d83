/// How a program opens a file: the flags of open(2) that a file system sees.
public struct OpenFlags: OptionSet, Sendable, Hashable {
  public let rawValue: UInt8
  public init(rawValue: UInt8) { self.rawValue = rawValue }

  /// The corresponding C constants are `O_RDONLY` and `O_RDWR`.
  public static let read = OpenFlags(rawValue: 1 << 0)
  /// The corresponding C constants are `O_WRONLY` and `O_RDWR`.
  public static let write = OpenFlags(rawValue: 1 << 1)
  /// The corresponding C constant is `O_APPEND`.
  public static let append = OpenFlags(rawValue: 1 << 2)
  /// The corresponding C constant is `O_TRUNC`. It comes with open itself (`FUSE_ATOMIC_O_TRUNC`).
  public static let truncate = OpenFlags(rawValue: 1 << 3)
  /// The corresponding C constant is `O_EXCL`.
  public static let exclusive = OpenFlags(rawValue: 1 << 4)
  /// The corresponding C constant is `O_NONBLOCK`. A read passes the current flags, which fcntl(2) may have changed.
  public static let nonBlocking = OpenFlags(rawValue: 1 << 5)
}

/// The answer to open, create and opendir: a handle, and how the kernel treats it.
public struct OpenReply: Sendable, Hashable {
  public struct Options: OptionSet, Sendable, Hashable {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Every read and write reaches the file system and bypasses the page cache. `FOPEN_DIRECT_IO`.
    public static let directIO = Options(rawValue: 1 << 0)
    /// Cached pages of an earlier open stay valid. `FOPEN_KEEP_CACHE`.
    public static let keepCache = Options(rawValue: 1 << 1)
    /// The kernel sends no FLUSH when the file is closed. Only for read-only handles. `FOPEN_NOFLUSH`.
    public static let noFlush = Options(rawValue: 1 << 2)
    /// lseek(2) and pread(2) fail with ESPIPE. `FOPEN_NONSEEKABLE`.
    public static let nonSeekable = Options(rawValue: 1 << 3)
    /// The kernel caches the listing. `FOPEN_CACHE_DIR`.
    public static let cacheDirectory = Options(rawValue: 1 << 4)
  }

  public var handle: HandleID
  public var options: Options

  public init(handle: HandleID, options: Options = []) {
    self.handle = handle
    self.options = options
  }
}

/// The answer to create: the new entry, and its open handle.
public struct CreateReply: Sendable, Hashable {
  public var entry: Entry
  public var open: OpenReply

  public init(entry: Entry, open: OpenReply) {
    self.entry = entry
    self.open = open
  }
}

/// The flags of renameat2(2).
public struct RenameFlags: OptionSet, Sendable, Hashable {
  public let rawValue: UInt32
  public init(rawValue: UInt32) { self.rawValue = rawValue }

  /// The corresponding C constant is `RENAME_NOREPLACE`.
  public static let noReplace = RenameFlags(rawValue: 1)
  /// The corresponding C constant is `RENAME_EXCHANGE`.
  public static let exchange = RenameFlags(rawValue: 2)
}

/// The events that poll(2) reports for a handle.
public struct PollEvents: OptionSet, Sendable, Hashable {
  public let rawValue: UInt8
  public init(rawValue: UInt8) { self.rawValue = rawValue }

  /// The corresponding C constant is `POLLIN`.
  public static let readable = PollEvents(rawValue: 1 << 0)
  /// The corresponding C constant is `POLLOUT`.
  public static let writable = PollEvents(rawValue: 1 << 1)
  /// The corresponding C constant is `POLLHUP`.
  public static let hangUp = PollEvents(rawValue: 1 << 2)
}
