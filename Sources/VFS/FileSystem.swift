public import SystemPackage

/// A file system, in the words of FUSE's low-level interface and free of its C.
///
/// Every operation names inodes and handles that the file system gave out before. Operations are called from several
/// threads at once and must not block: what has to wait is returned as ``Outcome/pending(_:)``.
///
/// An ``Entry`` that is given out (by lookup, mkdir, create, symlink, and by readdir where the entry was taken) counts as one lookup of
/// its inode; the inode stays valid until ``forget(_:count:)`` took all of them back.
public protocol FileSystem: Sendable {
  /// Called once, before the first operation. `notifier` is how the file system tells the kernel that something changed.
  func start(notifier: any Notifier)

  /// Ends what is parked: blocked reads return, nothing waits any more. Called before the unmount; operations may still come after it.
  func interruptAll()

  /// The executor on which awaited results arrive, so that an operation resumes without a change of threads; nil: any.
  var executor: (any TaskExecutor)? { get }

  func lookup(_ name: Name, in directory: InodeID, caller: Caller) -> Outcome<Entry>
  func forget(_ inode: InodeID, count: UInt64)
  func getattr(_ inode: InodeID, handle: HandleID?) -> Outcome<AttributeReply>
  /// The same for `caller`: a file may be another to each.
  func getattr(_ inode: InodeID, handle: HandleID?, caller: Caller) -> Outcome<AttributeReply>
  func setattr(
    _ inode: InodeID, _ changes: AttributeChanges, handle: HandleID?, caller: Caller
  ) -> Outcome<AttributeReply>
  func readlink(_ inode: InodeID) -> Outcome<String>

  func mkdir(_ name: Name, in directory: InodeID, permissions: UInt16, caller: Caller) -> Outcome<Entry>
  func rmdir(_ name: Name, in directory: InodeID, caller: Caller) -> Outcome<Void>
  func unlink(_ name: Name, in directory: InodeID, caller: Caller) -> Outcome<Void>
  func rename(
    _ name: Name, in directory: InodeID, to newName: Name, in newDirectory: InodeID, flags: RenameFlags,
    caller: Caller
  ) -> Outcome<Void>
  func symlink(_ target: String, at name: Name, in directory: InodeID, caller: Caller) -> Outcome<Entry>
  func link(_ inode: InodeID, at name: Name, in directory: InodeID, caller: Caller) -> Outcome<Entry>
  /// A device, a FIFO or a socket.
  func mknod(_ name: Name, in directory: InodeID, caller: Caller) -> Outcome<Entry>

  func create(
    _ name: Name, in directory: InodeID, permissions: UInt16, flags: OpenFlags, caller: Caller
  ) -> Outcome<CreateReply>
  func open(_ inode: InodeID, flags: OpenFlags, caller: Caller) -> Outcome<OpenReply>
  /// At most `count` bytes from `offset`; fewer only at the end of the file (or always, for a handle opened with ``OpenReply/Options/directIO``).
  func read(
    _ inode: InodeID, handle: HandleID, offset: Int64, count: Int, flags: OpenFlags
  ) -> Outcome<ArraySlice<UInt8>>
  /// Writes `bytes`, which are valid during the call only, and returns how many were taken.
  /// - Parameter offset: where to; nil: at the end, wherever that is now (`O_APPEND`). What comes from a mapping has its place whatever
  ///   the flags of the handle are.
  func write(
    _ inode: InodeID, handle: HandleID, offset: Int64?, bytes: RawSpan, caller: Caller
  ) -> Outcome<Int>
  /// One of the descriptors of `handle` was closed, by `caller`. May come several times for a handle, or never.
  func flush(_ inode: InodeID, handle: HandleID, caller: Caller) -> Outcome<Void>
  /// The last descriptor and mapping of `handle` is gone: comes exactly once for each successful open or create. Its error reaches nobody.
  func release(_ inode: InodeID, handle: HandleID) -> Outcome<Void>
  func fsync(_ inode: InodeID, handle: HandleID, dataOnly: Bool) -> Outcome<Void>

  func opendir(_ inode: InodeID, caller: Caller) -> Outcome<OpenReply>
  /// Gives the entries behind `cookie` (0: from the start) to `take`, in order, until it returns false. An entry that `take` did not take is not counted.
  /// `.` and `..` are not among them.
  /// - Parameter withAttributes: whether entries come with ``DirectoryEntry/entry`` (readdirplus).
  func readdir(
    _ inode: InodeID, handle: HandleID, after cookie: UInt64, withAttributes: Bool,
    _ take: (borrowing DirectoryEntry) -> Bool
  ) throws(Errno)
  func releasedir(_ inode: InodeID, handle: HandleID)

  func statfs() -> FileSystemStatistics
  /// The longest name in `directory`, in bytes. The kernel lets 1,024 through.
  func maximumNameLength(in directory: InodeID) -> Int
  /// `operation` is refused with ``UnusableName/errno``, for it came with such a name.
  func refuse(_ name: UnusableName, in directory: InodeID, operation: String)
  /// What `handle` is ready for. If that is nothing of interest, ``Notifier/wake(_:)`` is called when it changes.
  func poll(_ inode: InodeID, handle: HandleID) -> PollEvents
}

/// How a file system tells the kernel that what it remembers is no longer true.
///
/// Each call returns at once, so it may be made within an operation and under any lock. Other threads send the notices; one
/// that has to wait for a request may be overtaken.
public protocol Notifier: Sendable {
  /// Forget the attributes of `inode` and its pages, or the attributes alone.
  func invalidate(_ inode: InodeID, pages: Bool)
  /// Ask again for `name` when it is next used. Also ends a remembered "no such file".
  func expire(_ name: Name, in directory: InodeID)
  /// Wake whoever polls `handle`.
  func wake(_ handle: HandleID)
  /// Runs `body` once the kernel has every notice about `inode`, or about any if it is nil, that was given before, or
  /// never will. It may have to wait for a read of that inode: what `body` answers must be none.
  func whenInvalidated(_ inode: InodeID?, _ body: @escaping @Sendable () -> Void)
  /// Runs `body` once the kernel has forgotten every name that ``expire(_:in:)`` was given before, or never will. It may
  /// have to wait for what changes names beside them.
  func whenExpired(_ body: @escaping @Sendable () -> Void)
}

extension Notifier {
  /// At once: for those who tell no kernel.
  public func whenInvalidated(_ inode: InodeID?, _ body: @escaping @Sendable () -> Void) { body() }
  public func whenExpired(_ body: @escaping @Sendable () -> Void) { body() }
}

/// Operations that this kind of file system seldom has.
extension FileSystem {
  public var executor: (any TaskExecutor)? { nil }

  public func interruptAll() {}

  public func maximumNameLength(in directory: InodeID) -> Int { Name.maximumLength }

  public func refuse(_ name: UnusableName, in directory: InodeID, operation: String) {}

  public func getattr(_ inode: InodeID, handle: HandleID?, caller: Caller) -> Outcome<AttributeReply> {
    getattr(inode, handle: handle)
  }

  public func readlink(_ inode: InodeID) -> Outcome<String> { .failed(.invalidArgument) }

  public func symlink(_ target: String, at name: Name, in directory: InodeID, caller: Caller) -> Outcome<Entry> {
    .failed(.notPermitted)
  }

  public func link(_ inode: InodeID, at name: Name, in directory: InodeID, caller: Caller) -> Outcome<Entry> {
    .failed(.notPermitted)
  }

  public func mknod(_ name: Name, in directory: InodeID, caller: Caller) -> Outcome<Entry> { .failed(.notPermitted) }

  public func poll(_ inode: InodeID, handle: HandleID) -> PollEvents { [.readable, .writable] }
}
