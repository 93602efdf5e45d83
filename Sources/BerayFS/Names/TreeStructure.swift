import SystemPackage
import VFS
import Waiting

/// The known names of a work directory: the part of a ``WorkTree`` that one lock guards.
struct TreeStructure {
  var directories: [InodeID: DirectoryContents] = [:]
  /// Counts this mount's own changes to the tree, so that a listing that was asked for earlier does not undo them.
  var tick: UInt64 = 0
  /// Counts the times that anything may have changed. A listing that was asked for before the last of them is stale.
  var staleMarks: UInt64 = 0
  /// The listings under way, by the directory that is asked.
  var flights: [InodeID: (flight: Flight<Void, Errno>, marks: UInt64)] = [:]
  /// The task is gone.
  var isRemoved = false

  mutating func nextTick() -> UInt64 {
    tick += 1
    return tick
  }
}

extension TreeStructure {
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

  /// A directory has moved: the listing that told its content no longer does.
  mutating func moved(_ directory: InodeID) {
    guard directories[directory] != nil else { return }
    directories[directory]?.source = directory
    directories[directory]?.isLeftOut = false
    for case .directory(let nested) in (directories[directory]?.children.values).map({ $0.map(\.node) }) ?? [] {
      moved(nested.inode)
    }
  }
}

/// What one directory holds.
struct DirectoryContents {
  /// When a listing was asked for.
  struct Freshness {
    /// By ``TimeSource/uptime``.
    var asked: Duration
    var marks: UInt64
    /// Whether it came while this mount changed something in it: it may not say what the server has now.
    var isDoubtful = false
  }

  private(set) var children: [Name: TreeChild] = [:]
  /// The children by cookie (their ``TreeChild/touched`` and ``TreeChild/placed`` may be older); nil when it has to be
  /// rebuilt.
  private var order: [TreeChild]?
  private var nextCookie: UInt64 = 3
  /// Names that this mount removed, and when by ``TreeStructure/tick``: a listing that was asked for earlier may still
  /// have them.
  var removals: [Name: UInt64] = [:]
  /// Names that the server has and the tree does not show.
  var hidden: [Name: HiddenFile] = [:]
  /// The directory whose listing tells what is in this one: itself, or one above it.
  var source: InodeID
  /// nil: never listed.
  var freshness: Freshness?
  /// Whether it was made here and the server does not have it yet.
  var isNew = false
  var mode: UInt16?
  /// The mtime that the server told last.
  var serverModified: Timestamp?
  var modified: Timestamp
  /// The ctime: when names or attributes last changed, as far as this mount saw it. No program can set it.
  private(set) var statusChanged: Timestamp
  /// The access time that a program set, which no server stores; nil: as ``modified``.
  var accessed: Timestamp?
  private(set) var subdirectories: UInt32 = 0
  /// Whether the listing of the whole work directory leaves out what is in here, so that it has to be asked itself.
  var isLeftOut = false
  /// Whether the listing changed since the kernel last began to copy it.
  var changedSinceListed = true

  init(source: InodeID, modified: Timestamp, mode: UInt16? = nil, serverModified: Timestamp? = nil) {
    self.source = source
    self.modified = modified
    self.mode = mode
    self.serverModified = serverModified
    self.statusChanged = modified
  }

  /// Names or attributes changed just now.
  mutating func statusChanges(at now: Timestamp) { statusChanged = statusChanged.moved(to: now) }

  /// The children in the order of their cookies.
  mutating func ordered() -> [TreeChild] {
    if let order { return order }
    let sorted = children.values.sorted { $0.cookie < $1.cookie }
    order = sorted
    return sorted
  }

  /// Adds a child, which gets the next cookie. The mtime moves.
  mutating func insert(_ node: WorkNode, as name: Name, touched: UInt64, at time: Timestamp) {
    remove(name, at: time)
    if case .directory = node { subdirectories += 1 }
    let child = TreeChild(name: name, cookie: nextCookie, node: node, placed: touched, touched: touched)
    nextCookie += 1
    order?.append(child)
    children[name] = child
    changed(at: time)
  }

  @discardableResult
  mutating func remove(_ name: Name, at time: Timestamp) -> TreeChild? {
    guard let child = children.removeValue(forKey: name) else { return nil }
    if case .directory = child.node { subdirectories -= 1 }
    order = nil
    changed(at: time)
    return child
  }

  /// Removes all children, as if the directory had never been listed.
  mutating func takeChildren() -> [TreeChild] {
    defer {
      children = [:]
      order = nil
      subdirectories = 0
      freshness = nil
      changedSinceListed = true
    }
    return Array(children.values)
  }

  /// - Parameter isPlaced: whether the server had no such name before.
  mutating func touch(_ name: Name, _ tick: UInt64, isPlaced: Bool) {
    children[name]?.touched = tick
    if isPlaced { children[name]?.placed = tick }
  }

  /// Until ``settle(_:_:)``, no listing changes this name.
  mutating func hold(_ name: Name) {
    if children[name] == nil { removals[name] = .max } else { touch(name, .max, isPlaced: true) }
  }

  /// A held name that has not changed since counts as known at `tick`.
  mutating func settle(_ name: Name, _ tick: UInt64) {
    if children[name]?.placed == .max { children[name]?.placed = tick }
    if children[name]?.touched == .max { children[name]?.touched = tick }
    if removals[name] == .max { removals[name] = children[name] == nil ? tick : nil }
  }

  mutating func changed(at time: Timestamp) {
    modified = max(modified, time)
    // The first listing is no change.
    if freshness != nil { statusChanges(at: time) }
    changedSinceListed = true
  }

  /// Whether the next listing brings all of it again.
  var isReproducible: Bool { !isNew && hidden.isEmpty && removals.isEmpty && accessed == nil }
}

/// A name in a directory.
struct TreeChild: Sendable {
  let name: Name
  let cookie: UInt64
  let node: WorkNode
  /// When this mount last gave the server the name, by ``TreeStructure/tick``; 0: never. A listing that was asked for
  /// earlier may lack it.
  var placed: UInt64
  /// When this mount last changed anything about it: a listing that was asked for earlier does not know of that.
  var touched: UInt64
}
