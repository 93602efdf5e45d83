/// One entry of a directory listing.
public struct DirectoryEntry: Sendable {
  public var name: Name
  public var inode: InodeID
  public var kind: FileKind
  /// Marks where the listing continues after this entry. Unique within the listing, never 0, and stable while entries
  /// come and go.
  public var cookie: UInt64
  /// The attributes for readdirplus. Nil gives only the name, and the kernel looks it up when it needs more.
  public var entry: Entry?

  public init(name: Name, inode: InodeID, kind: FileKind, cookie: UInt64, entry: Entry?) {
    self.name = name
    self.inode = inode
    self.kind = kind
    self.cookie = cookie
    self.entry = entry
  }
}
