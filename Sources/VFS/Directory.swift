/// One entry of a directory listing.
public struct DirectoryEntry: Sendable {
  public var name: Name
  public var inode: InodeID
  public var kind: FileKind
  /// Where the listing goes on after this entry. Unique within the listing, never 0, and stable while entries come and go.
  public var cookie: UInt64
  /// What readdirplus tells of it; nil gives the name alone, and the kernel looks it up when it needs more.
  public var entry: Entry?

  public init(name: Name, inode: InodeID, kind: FileKind, cookie: UInt64, entry: Entry?) {
    self.name = name
    self.inode = inode
    self.kind = kind
    self.cookie = cookie
    self.entry = entry
  }
}
