import SystemPackage
import VFS

/// Something in the tree that has an inode: a file, a directory or a symbolic link.
///
/// A node answers for itself alone. ``BerayFileSystem`` finds it by number, counts its lookups and keeps its handles.
protocol Node: AnyObject, Sendable {
  var inode: InodeID { get }
  var kind: FileKind { get }
  /// Where the node is beneath the mountpoint, for messages, such as `42-write-docs/files/a.txt`.
  var path: String { get }

  /// - Parameter file: the open handle that asks, where the kernel names one.
  func getattr(_ file: (any OpenFile)?) -> Outcome<AttributeReply>
  /// The attributes, as far as memory has them; nil if a request would be needed.
  func knownAttributes() -> AttributeReply?
  func setattr(_ changes: AttributeChanges, file: (any OpenFile)?, caller: Caller) -> Outcome<AttributeReply>
  func open(_ flags: OpenFlags, caller: Caller) -> Outcome<OpenedFile>
  func readlink() -> Outcome<String>
  /// The kernel holds the node no longer: its lookup count went to 0.
  func forgotten()
}

/// A node that names others.
protocol DirectoryNode: Node {
  func lookup(_ name: Name, caller: Caller) -> Outcome<FoundNode>
  /// Why `caller` is not to read the directory; nil lets it.
  func refusal(ofOpeningBy caller: Caller) -> Errno?
  /// Brings ``names(forKernel:)`` up to date, and tells what the kernel's copy of the listing is worth.
  func freshen() -> Outcome<KernelCopy>
  /// Everything in the directory now, in the order of its cookies.
  /// - Parameter forKernel: the kernel keeps what it is given as its copy of the listing.
  func names(forKernel: Bool) -> [ListedName]
  /// The node of a listed name, for readdirplus; nil if the name stands for another node by now.
  func entry(of listed: ListedName) -> ListedEntry?
  func mkdir(_ name: Name, permissions: UInt16, caller: Caller) -> Outcome<FoundNode>
  func rmdir(_ name: Name, caller: Caller) -> Outcome<Void>
  func unlink(_ name: Name, caller: Caller) -> Outcome<Void>
  func rename(
    _ name: Name, to newName: Name, in newDirectory: any DirectoryNode, flags: RenameFlags, caller: Caller
  ) -> Outcome<Void>
  func create(_ name: Name, permissions: UInt16, flags: OpenFlags, caller: Caller) -> Outcome<CreatedFile>
  /// Adds `change`, which may be negative, to the number of open handles.
  func countHandles(_ change: Int)
}

/// An open file: what belongs to one handle. Its methods may be called from several threads at once.
protocol OpenFile: AnyObject, Sendable {
  func read(offset: Int64, count: Int, flags: OpenFlags) -> Outcome<ArraySlice<UInt8>>
  func write(offset: Int64?, bytes: RawSpan, caller: Caller) -> Outcome<Int>
  func flush(caller: Caller) -> Outcome<Void>
  func fsync() -> Outcome<Void>
  func release() -> Outcome<Void>
  func poll() -> PollEvents
  /// Tells the file the number of its handle, before anything else is called: what ``Notifier/wake(_:)`` takes.
  func opened(as handle: HandleID)
}

/// A node that a lookup found, and how long its name may be remembered.
struct FoundNode: Sendable {
  var node: any Node
  var nameTimeout: Duration
  /// The attributes for the lookup, if asking the node would take long; nil: the node is asked.
  var attributes: AttributeReply?
}

/// A handle that open made, and how the kernel is to treat it.
struct OpenedFile: Sendable {
  var file: any OpenFile
  var options: OpenReply.Options

  init(_ file: any OpenFile, options: OpenReply.Options = []) {
    self.file = file
    self.options = options
  }
}

struct CreatedFile: Sendable {
  var found: FoundNode
  var opened: OpenedFile
}

/// One name in a directory at one moment.
struct ListedName: Sendable {
  var name: Name
  /// Unique in the listing and stable while entries come and go; never 0. Ascending.
  var cookie: UInt64
  var node: any Node
}

/// What readdirplus tells of a listed name.
struct ListedEntry: Sendable {
  var nameTimeout: Duration
  /// Nil if the answer would cost a request: the kernel looks the name up when it needs to.
  var attributes: AttributeReply?

  init(nameTimeout: Duration, attributes: AttributeReply?) {
    self.nameTimeout = nameTimeout
    self.attributes = attributes
  }

  /// Tells what `node` can answer from memory.
  init(_ node: any Node, nameTimeout: Duration) {
    self.init(nameTimeout: nameTimeout, attributes: node.knownAttributes())
  }
}

/// What the kernel's copy of a listing is worth.
enum KernelCopy: Sendable {
  /// The kernel keeps none.
  case none
  /// The kernel may keep one, and what it has is outdated.
  case outdated
  /// What the kernel has is what a listing would give now.
  case current
}

extension Node {
  func knownAttributes() -> AttributeReply? {
    if case .ready(let reply) = getattr(nil) { reply } else { nil }
  }

  func setattr(_ changes: AttributeChanges, file: (any OpenFile)?, caller: Caller) -> Outcome<AttributeReply> {
    .failed(.notPermitted)
  }

  func readlink() -> Outcome<String> { .failed(.invalidArgument) }
  func forgotten() {}
}

extension DirectoryNode {
  var kind: FileKind { .directory }

  func open(_ flags: OpenFlags, caller: Caller) -> Outcome<OpenedFile> { .failed(.isDirectory) }
  func mkdir(_ name: Name, permissions: UInt16, caller: Caller) -> Outcome<FoundNode> { .failed(.notPermitted) }
  func countHandles(_ change: Int) {}
  func refusal(ofOpeningBy caller: Caller) -> Errno? { nil }
  func rmdir(_ name: Name, caller: Caller) -> Outcome<Void> { .failed(.notPermitted) }
  func unlink(_ name: Name, caller: Caller) -> Outcome<Void> { .failed(.notPermitted) }

  func rename(
    _ name: Name, to newName: Name, in newDirectory: any DirectoryNode, flags: RenameFlags, caller: Caller
  ) -> Outcome<Void> { .failed(.notPermitted) }

  func create(_ name: Name, permissions: UInt16, flags: OpenFlags, caller: Caller) -> Outcome<CreatedFile> {
    .failed(.notPermitted)
  }
}

extension OpenFile {
  func write(offset: Int64?, bytes: RawSpan, caller: Caller) -> Outcome<Int> { .failed(.badFileDescriptor) }
  func flush(caller: Caller) -> Outcome<Void> { .done }
  func fsync() -> Outcome<Void> { .done }
  func release() -> Outcome<Void> { .done }
  func poll() -> PollEvents { [.readable, .writable] }
  func opened(as handle: HandleID) {}
}
