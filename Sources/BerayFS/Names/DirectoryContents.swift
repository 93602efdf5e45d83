import VFS

/// What one directory holds, and what a listing told of it.
///
/// A child's name is not among the ``removals``.
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
  private(set) var removals: [Name: UInt64] = [:]
  /// Names that the server has and the tree does not show.
  private(set) var hidden: [Name: HiddenFile] = [:]
  /// The directory whose listing tells what is in this one: itself, or one above it.
  private(set) var source: InodeID
  /// Whether the listing of the whole work directory leaves out what is in here, so that it has to be asked itself.
  private(set) var isLeftOut: Bool
  /// Nil if it was never listed.
  private(set) var freshness: Freshness?
  /// Whether it was made here and the server does not have it yet.
  private(set) var isNew: Bool
  private(set) var mode: UInt16?
  /// The mtime that the server told last.
  private(set) var serverModified: Timestamp?
  private(set) var modified: Timestamp
  /// The ctime: when names or attributes last changed, as far as this mount saw it. No program can set it.
  private(set) var statusChanged: Timestamp
  /// The access time that a program set, which no server stores; nil: as ``modified``.
  private(set) var accessed: Timestamp?
  private(set) var subdirectories: UInt32 = 0
  /// Whether the listing changed since the kernel last began to copy it.
  private(set) var changedSinceListed = true

  /// A directory that the server has, and that was not listed yet.
  /// - Parameter modified: the server's time; nil if it told none.
  init(source: InodeID, at now: Timestamp, mode: UInt16? = nil, modified: Timestamp? = nil, isLeftOut: Bool = false) {
    self.source = source
    self.mode = mode
    self.isLeftOut = isLeftOut
    serverModified = modified
    self.modified = modified ?? now
    statusChanged = self.modified
    isNew = false
  }

  /// A directory that was made here, so nothing is in it.
  init(madeHere source: InodeID, at now: Timestamp, mode: UInt16, isNew: Bool, freshness: Freshness) {
    self.init(source: source, at: now, mode: mode)
    self.isNew = isNew
    self.freshness = freshness
  }

  /// Whether the next listing brings all of it again.
  var isReproducible: Bool { !isNew && hidden.isEmpty && removals.isEmpty && accessed == nil }

  // MARK: - Children

  /// The children in the order of their cookies.
  mutating func ordered() -> [TreeChild] {
    if let order { return order }
    let sorted = children.values.sorted { $0.cookie < $1.cookie }
    order = sorted
    return sorted
  }

  /// The kernel begins to copy the listing.
  mutating func isCopied() { changedSinceListed = false }

  /// Adds a child, which gets the next cookie. The mtime moves.
  mutating func insert(_ node: WorkNode, as name: Name, touched: UInt64, at time: Timestamp) {
    remove(name, at: time)
    removals[name] = nil
    if case .directory = node { subdirectories += 1 }
    let child = TreeChild(name: name, cookie: nextCookie, node: node, placed: touched, touched: touched)
    nextCookie += 1
    order?.append(child)
    children[name] = child
    changed(at: time)
  }

  /// Removes a child, and returns it; nil if there is none.
  /// - Parameter tick: of this mount's own removal, which no older listing undoes. Nil if somebody else removed it, or if
  ///   the server has the name still.
  @discardableResult
  mutating func remove(_ name: Name, at time: Timestamp, tick: UInt64? = nil) -> TreeChild? {
    if let tick { removals[name] = tick }
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

  // MARK: - Names that change

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

  /// The server has `file` under a name that is not shown.
  mutating func hide(_ name: Name, as file: HiddenFile) { hidden[name] = file }

  /// The name is no longer hidden. Returns what the server has there.
  @discardableResult
  mutating func unhide(_ name: Name) -> HiddenFile? { hidden.removeValue(forKey: name) }

  // MARK: - Listings

  /// A listing that tells of its names begins to be taken over.
  mutating func begins(listing diff: TreeDiff) { hidden = diff.hidden }

  /// A listing was taken over.
  /// - Parameters:
  ///   - source: the directory that was asked.
  ///   - tick: when it was asked for.
  mutating func ends(listing freshness: Freshness, of source: InodeID, askedAt tick: UInt64) {
    self.freshness = freshness
    self.source = source
    isNew = false
    if removals.contains(where: { $0.value <= tick }) { removals = removals.filter { $0.value > tick } }
  }

  /// A listing of a directory above it was taken over.
  /// - Parameters:
  ///   - own: its own inode.
  ///   - tellsChildren: whether that listing tells what is in here.
  ///   - isWhole: whether it was to tell of the whole work directory.
  mutating func isListedFromAbove(own: InodeID, tellsChildren: Bool, isWhole: Bool) {
    if !tellsChildren, source != own {
      // An earlier listing told what is inside and this one does not, so the directory has to be asked itself.
      source = own
      freshness = nil
    }
    isLeftOut = isWhole && !tellsChildren
  }

  /// It has moved, so no listing of a directory above it has told what is inside.
  mutating func asksItself(_ own: InodeID) {
    source = own
    isLeftOut = false
  }

  /// The server has the directory now.
  mutating func isPlaced() { isNew = false }

  // MARK: - Attributes

  /// Names or attributes changed just now.
  mutating func statusChanges(at now: Timestamp) { statusChanged = statusChanged.moved(to: now) }

  /// Names changed.
  mutating func changed(at time: Timestamp) {
    modified = max(modified, time)
    // The first listing is no change.
    if freshness != nil { statusChanges(at: time) }
    changedSinceListed = true
  }

  mutating func sets(mode: UInt16) { self.mode = mode }

  mutating func sets(accessed time: Timestamp) { accessed = time }

  /// - Parameter isTold: whether the server has the time as well, so that a later listing that tells it is no news.
  mutating func sets(modified time: Timestamp, isTold: Bool) {
    modified = time
    if isTold { serverModified = time }
  }

  /// Takes over what a listing tells. Returns whether it is news.
  mutating func adopt(mode: UInt16?, modified: Timestamp?) -> Bool {
    isNew = false
    // A server that tells no modes does not undo one that was set here.
    let mode = mode ?? self.mode
    guard modified != serverModified || mode != self.mode else { return false }
    self.mode = mode
    serverModified = modified
    if let modified { self.modified = modified }
    return true
  }
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
