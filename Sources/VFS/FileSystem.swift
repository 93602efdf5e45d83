package import SystemPackage

/// A file system in the terms of FUSE's low-level interface, without its C types.
///
/// Operations name inodes and handles that the file system gave out before. They are called from several threads at
/// once and must not block. An operation that has to wait returns ``Outcome/pending(_:)``.
///
/// Each ``Entry`` that the file system gives out adds one to the lookup count of its inode. This holds for lookup,
/// mkdir, create, symlink and link, and for readdir if the entry was taken. The inode stays valid until
/// ``forget(_:count:)`` has lowered the count to 0.
package protocol FileSystem: Sendable {
  /// Called once, before the first operation. The file system tells the kernel about changes through `notifier`.
  func start(notifier: any Notifier)

  /// Ends operations that wait, such as blocked reads. Called before the unmount; more operations may still follow.
  func interruptAll()

  /// The executor that awaited results arrive on, so that an operation resumes without a thread switch. Nil means any.
  var executor: (any TaskExecutor)? { get }

  func lookup(_ name: Name, in directory: InodeID, caller: Caller) -> Outcome<Entry>
  func forget(_ inode: InodeID, count: UInt64)
  func getattr(_ inode: InodeID, handle: HandleID?) -> Outcome<AttributeReply>
  /// The same for `caller`, because a file can look different to each caller.
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
  /// Makes a device, a FIFO or a socket.
  func mknod(_ name: Name, in directory: InodeID, caller: Caller) -> Outcome<Entry>

  func create(
    _ name: Name, in directory: InodeID, permissions: UInt16, flags: OpenFlags, caller: Caller
  ) -> Outcome<CreateReply>
  func open(_ inode: InodeID, flags: OpenFlags, caller: Caller) -> Outcome<OpenReply>
  /// Reads up to `count` bytes from `offset`. Returns fewer only at the end of the file, or if the handle was opened
  /// with ``OpenReply/Options/directIO``.
  func read(
    _ inode: InodeID, handle: HandleID, offset: Int64, count: Int, flags: OpenFlags
  ) -> Outcome<ArraySlice<UInt8>>
  /// Writes `bytes`, which are valid only during the call, and returns how many were written.
  /// - Parameter offset: where to write. Nil appends at the current end (`O_APPEND`). A write from a mapping always has
  ///   an offset, whatever the flags of the handle are.
  func write(
    _ inode: InodeID, handle: HandleID, offset: Int64?, bytes: RawSpan, caller: Caller
  ) -> Outcome<Int>
  /// `caller` closed one of the descriptors of `handle`. May be called several times for a handle, or never.
  func flush(_ inode: InodeID, handle: HandleID, caller: Caller) -> Outcome<Void>
  /// The last descriptor and mapping of `handle` is gone. Called exactly once for each successful open or create. No
  /// program sees its error.
  func release(_ inode: InodeID, handle: HandleID) -> Outcome<Void>
  func fsync(_ inode: InodeID, handle: HandleID, dataOnly: Bool) -> Outcome<Void>

  func opendir(_ inode: InodeID, caller: Caller) -> Outcome<OpenReply>
  /// Gives the entries after `cookie` (0 for the start) to `take`, in order, until it returns false. An entry that
  /// `take` refuses does not count as a lookup. Leaves out `.` and `..`.
  /// - Parameter withAttributes: whether entries come with ``DirectoryEntry/entry`` (readdirplus).
  func readdir(
    _ inode: InodeID, handle: HandleID, after cookie: UInt64, withAttributes: Bool,
    _ take: (borrowing DirectoryEntry) -> Bool
  ) throws(Errno)
  func releasedir(_ inode: InodeID, handle: HandleID)

  func statfs() -> FileSystemStatistics
  /// The longest name that `directory` takes, in bytes. The kernel itself allows 1,024.
  func maximumNameLength(in directory: InodeID) -> Int
  /// Reports that `operation` was refused with ``UnusableName/errno`` because of its name.
  func refuse(_ name: UnusableName, in directory: InodeID, operation: String)
  /// What `handle` is ready for now. The file system calls ``Notifier/wake(_:)`` when that changes.
  func poll(_ inode: InodeID, handle: HandleID) -> PollEvents
}

/// Tells the kernel that its caches are out of date.
///
/// Each call returns at once, so it is safe within an operation and under any lock. Other threads send the notices. A
/// notice that has to wait for a request may be overtaken by later ones.
package protocol Notifier: Sendable {
  /// Makes the kernel forget the attributes of `inode`, and its pages too if `pages` is true.
  func invalidate(_ inode: InodeID, pages: Bool)
  /// Makes the kernel look up `name` again on its next use. Also ends a cached "no such file".
  func expire(_ name: Name, in directory: InodeID)
  /// Wakes the programs that poll `handle`.
  func wake(_ handle: HandleID)
  /// Runs `body` once the kernel has received all earlier notices about `inode`, or about any inode if it is nil. Also
  /// runs it if the kernel never will. This may wait for a read of that inode, so `body` must not be what answers such
  /// a read.
  func whenInvalidated(_ inode: InodeID?, _ body: @escaping @Sendable () -> Void)
  /// Runs `body` once the kernel has forgotten every name given to ``expire(_:in:)`` before. Also runs it if the kernel
  /// never will. This may wait for operations that change other names in the same directories.
  func whenExpired(_ body: @escaping @Sendable () -> Void)
}

extension Notifier {
  /// Runs `body` at once, for notifiers that have no kernel to tell.
  package func whenInvalidated(_ inode: InodeID?, _ body: @escaping @Sendable () -> Void) { body() }
  package func whenExpired(_ body: @escaping @Sendable () -> Void) { body() }
}

/// Defaults for operations that few file systems of this kind have.
extension FileSystem {
  package var executor: (any TaskExecutor)? { nil }

  package func interruptAll() {}

  package func maximumNameLength(in directory: InodeID) -> Int { Name.maximumLength }

  package func refuse(_ name: UnusableName, in directory: InodeID, operation: String) {}

  package func getattr(_ inode: InodeID, handle: HandleID?, caller: Caller) -> Outcome<AttributeReply> {
    getattr(inode, handle: handle)
  }

  package func readlink(_ inode: InodeID) -> Outcome<String> { .failed(.invalidArgument) }

  package func symlink(_ target: String, at name: Name, in directory: InodeID, caller: Caller) -> Outcome<Entry> {
    .failed(.notPermitted)
  }

  package func link(_ inode: InodeID, at name: Name, in directory: InodeID, caller: Caller) -> Outcome<Entry> {
    .failed(.notPermitted)
  }

  package func mknod(_ name: Name, in directory: InodeID, caller: Caller) -> Outcome<Entry> { .failed(.notPermitted) }

  package func poll(_ inode: InodeID, handle: HandleID) -> PollEvents { [.readable, .writable] }
}
