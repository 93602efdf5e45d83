/// One entry of a directory listing.
package struct DirectoryEntry: Sendable {
  package var name: Name
  package var inode: InodeID
  package var kind: FileKind
  /// Marks where the listing continues after this entry. Unique within the listing, never 0, and stable while entries
  /// come and go.
  package var cookie: UInt64
  /// The attributes for readdirplus. Nil gives only the name, and the kernel looks it up when it needs more.
  package var entry: Entry?

  package init(name: Name, inode: InodeID, kind: FileKind, cookie: UInt64, entry: Entry?) {
    self.name = name
    self.inode = inode
    self.kind = kind
    self.cookie = cookie
    self.entry = entry
  }
}
