import SystemPackage
import VFS
import Waiting

/// The known names of a work directory: the part of a ``WorkTree`` that one lock guards.
///
/// Each directory of the tree has its ``DirectoryContents``, from its first name to its last. ``tick`` and
/// ``staleMarks`` only grow.
struct TreeStructure {
  private(set) var directories: [InodeID: DirectoryContents] = [:]
  /// Counts this mount's own changes to the tree, so that a listing that was asked for earlier does not undo them.
  private(set) var tick: UInt64 = 0
  /// Counts the times that anything may have changed. A listing that was asked for before the last of them is stale.
  private(set) var staleMarks: UInt64 = 0
  /// Whether the task is gone.
  private(set) var isRemoved = false
  /// The listings under way, by the directory that is asked.
  private var listings: [InodeID: (flight: Flight<Void, Errno>, marks: UInt64)] = [:]

  /// Begins a change of this mount.
  mutating func nextTick() -> UInt64 {
    tick += 1
    return tick
  }

  /// Anything may have changed.
  mutating func markStale() { staleMarks += 1 }

  // MARK: - Directories

  /// A directory comes into the tree.
  mutating func add(_ directory: InodeID, _ contents: DirectoryContents) { directories[directory] = contents }

  /// A directory leaves the tree.
  @discardableResult
  mutating func drop(_ directory: InodeID) -> DirectoryContents? { directories.removeValue(forKey: directory) }

  /// The task was deleted. Returns what was in the tree.
  mutating func removeAll() -> [InodeID: DirectoryContents] {
    isRemoved = true
    defer { directories = [:] }
    return directories
  }

  /// Changes what a directory holds; nil if it is not in the tree.
  @discardableResult
  mutating func change<Value>(_ directory: InodeID, _ body: (inout DirectoryContents) -> Value) -> Value? {
    guard let index = directories.index(forKey: directory) else { return nil }
    return body(&directories.values[index])
  }

  /// Removes a name from a directory, as ``DirectoryContents/remove(_:at:tick:)`` does.
  @discardableResult
  mutating func remove(
    _ name: Name, from directory: InodeID, at time: Timestamp, tick: UInt64? = nil
  ) -> TreeChild? {
    change(directory) { $0.remove(name, at: time, tick: tick) } ?? nil
  }

  /// A directory has moved: the listing that told its content no longer does.
  mutating func moved(_ directory: InodeID) {
    let nested = change(directory) { contents in
      contents.asksItself(directory)
      return contents.children.values.compactMap(\.node.directory)
    }
    for directory in nested ?? [] { moved(directory.inode) }
  }

  /// Whether an answer to `asked` is about the node that stands at `place`.
  func isAnswer(to asked: AskedPath, about inode: InodeID, at place: WorkDirectory.Place) -> Bool {
    var (inode, place) = (inode, place)
    while let parent = place.parent {
      guard let child = directories[parent.inode]?.children[place.name], child.node.inode == inode,
        child.placed <= asked.tick
      else { return false }
      (inode, place) = (parent.inode, parent.place)
    }
    return true
  }

  // MARK: - Listings under way

  /// The listing of `source` that is under way, and whether it was asked for since anything may have changed last.
  func listing(of source: InodeID) -> (flight: Flight<Void, Errno>, isCurrent: Bool)? {
    listings[source].map { ($0.flight, $0.marks == staleMarks) }
  }

  mutating func begins(listing flight: Flight<Void, Errno>, of source: InodeID) {
    listings[source] = (flight, staleMarks)
  }

  /// A listing has come or failed. Another one may be under way by now.
  mutating func ends(listing flight: Flight<Void, Errno>, of source: InodeID) {
    if listings[source]?.flight === flight { listings[source] = nil }
  }
}
