import Synchronization
import SystemPackage
import VFS
import Waiting

/// A directory of a work directory, or `files/` itself.
final class WorkDirectory: DirectoryNode {
  let inode: InodeID
  let tree: WorkTree
  private let state: Mutex<Place>

  /// Where a node stands.
  struct Place: Sendable {
    var name: Name
    /// nil: the top, `files/`.
    var parent: WorkDirectory?

    /// Whether it stands in `directory`, however deep.
    func isBeneath(_ directory: WorkDirectory) -> Bool {
      var next = parent
      while let parent = next {
        if parent === directory { return true }
        next = parent.place.parent
      }
      return false
    }
  }

  init(_ inode: InodeID, name: Name, parent: WorkDirectory?, tree: WorkTree) {
    self.inode = inode
    self.tree = tree
    self.state = Mutex(Place(name: name, parent: parent))
  }

  var place: Place { state.withLock { $0 } }

  func move(to place: Place) { state.withLock { $0 = place } }

  var path: String {
    let place = place
    guard let parent = place.parent else { return tree.path }
    return "\(parent.path)/\(place.name)"
  }

  /// Whether it was made here and the server does not have it yet, so that it stays though the server does not list it.
  var isNew: Bool {
    get { new.load(ordering: .relaxed) }
    set { new.store(newValue, ordering: .relaxed) }
  }
  private let new = Atomic(false)

  // MARK: - Attributes

  /// Answers from the parent's listing, and refreshes this directory's own in the background. Only a handle, or a shell
  /// that works in the directory, asks here.
  func getattr(_ file: (any OpenFile)?) -> Outcome<AttributeReply> {
    guard !isNew, end.withLock({ $0 }) == nil else { return attributes() }
    tree.refresher.refreshBehind(self)
    guard let parent = place.parent else { return attributes() }
    let outcome = tree.whenFresh(parent, grace: WorkTree.grace) { [self] _ in attributes() }
    switch outcome {
    case .ready: return outcome
    case .failed: return attributes()
    case .pending(let work):
      return .pending { [self] () async throws(Errno) in
        // If it cannot be asked, what is known is better than nothing.
        do throws(Errno) { return try await work() } catch  where error != .interrupted {
          return try await attributes().get()
        }
      }
    }
  }

  /// What is known, without asking.
  func attributes() -> Outcome<AttributeReply> {
    if let known = knownAttributes() { return .ready(known) }
    guard !tree.isRemoved, let end = end.withLock({ $0 }), handles.load(ordering: .relaxed) > 0 || !isOutOfDate else {
      return .failed(.staleNFSFileHandle)
    }
    return .ready(AttributeReply(end.attributes, timeout: .zero))
  }

  /// Nil if it has left the tree.
  func knownAttributes() -> AttributeReply? {
    let window = tree.window
    return tree.structure.withLock { structure in
      guard let contents = structure.directories[inode] else { return nil }
      let tellers = [contents, place.parent.flatMap { structure.directories[$0.inode] }].compactMap(\.self)
      let remaining = tellers.map { tree.remaining(of: $0, marks: structure.staleMarks, window: window) ?? .zero }
      return AttributeReply(
        attributes(contents, links: 2 + contents.subdirectories), timeout: remaining.min() ?? .zero)
    }
  }

  private func attributes(_ contents: DirectoryContents, links: UInt32) -> Attributes {
    var attributes = tree.context.attributes(
      inode, .directory, permissions: contents.mode.map { $0 & 0o777 } ?? 0o700, size: 0, modified: contents.modified,
      links: links, changed: contents.statusChanged)
    if let accessed = contents.accessed { attributes.accessed = accessed }
    return attributes
  }

  /// The last attributes, for programs that still hold the directory, and when the kernel knows that it is gone.
  private let end = Mutex<(attributes: Attributes, forgotten: Flight<Void, Errno>?)?>(nil)
  private let handles = Atomic(0)

  /// Whether the kernel may still lead here by a name that is gone: ESTALE has it look the name up again.
  var isOutOfDate: Bool { end.withLock { $0 }?.forgotten?.isFinished == false }

  /// Call it under the lock of the tree's structure.
  func leftTree(as contents: DirectoryContents, forgotten: Flight<Void, Errno>?) {
    let attributes = attributes(contents, links: 0)
    end.withLock { $0 = (attributes, forgotten) }
  }

  /// Whether no program has it open.
  var isClosed: Bool { handles.load(ordering: .relaxed) == 0 }

  func countHandles(_ change: Int) { handles.wrappingAdd(change, ordering: .relaxed) }

  func setattr(_ changes: AttributeChanges, file: (any OpenFile)?, caller: Caller) -> Outcome<AttributeReply> {
    // The old path may name another directory now.
    guard end.withLock({ $0 }) == nil else { return attributes() }
    return tree.attributeRules.changeAttributes(of: self, changes)
  }

  // MARK: - Names

  func lookup(_ name: Name, caller: Caller) -> Outcome<FoundNode> {
    // What exists here alone needs no news of the server.
    if let held = child(name), held.node.needsNoNews {
      return .ready(FoundNode(held.node, nameTimeout: .zero))
    }
    return tree.whenFresh(self) { [self] remaining in
      guard let child = child(name) else { return .failed(.noSuchFileOrDirectory) }
      return .ready(FoundNode(child.node, nameTimeout: remaining))
    }
  }

  func child(_ name: Name) -> TreeChild? {
    tree.structure.withLock { $0.directories[inode]?.children[name] }
  }

  func freshen() -> Outcome<KernelCopy> {
    tree.whenFresh(self) { [self] _ in
      let hasChanged = tree.structure.withLock { $0.directories[inode]?.changedSinceListed }
      guard let hasChanged else { return .failed(.noSuchFileOrDirectory) }
      return .ready(hasChanged ? .outdated : .current)
    }
  }

  func names(forKernel: Bool) -> [ListedName] {
    let children = tree.structure.withLock { structure in
      structure.change(inode) {
        if forKernel { $0.isCopied() }
        return $0.ordered()
      }
    }
    return (children ?? []).map { ListedName(name: $0.name, cookie: $0.cookie, node: $0.node.node) }
  }

  func entry(of listed: ListedName) -> ListedEntry? {
    guard let child = child(listed.name), child.node.inode == listed.node.inode else { return nil }
    let remaining = tree.remaining(of: self)
    guard case .file(let file) = child.node else { return ListedEntry(listed.node, nameTimeout: remaining) }
    // Its content is about to change, so the kernel has to ask.
    if file.known({ $0.bringing != nil }) { return ListedEntry(nameTimeout: remaining, attributes: nil) }
    return ListedEntry(nameTimeout: remaining, attributes: file.knownAttributes(remaining: remaining))
  }

  // MARK: - Files

  /// Makes a file here alone: the server gets it when it is closed.
  func create(_ name: Name, permissions: UInt16, flags: OpenFlags, caller: Caller) -> Outcome<CreatedFile> {
    guard name.utf8.count <= Name.maximumLength else { return .failed(.fileNameTooLong) }
    if let refusal = tree.attributeRules.refusal(ofMode: permissions, "create", "\(path)/\(name)") {
      return .failed(refusal)
    }
    if let existing = child(name) {
      guard !flags.contains(.exclusive) else { return .failed(.fileExists) }
      guard case .file(let file) = existing.node else { return .failed(.isDirectory) }
      return file.open(flags, caller: caller).map { opened in
        CreatedFile(found: FoundNode(node: file, nameTimeout: .zero), opened: opened)
      }
    }
    guard flags.contains(.exclusive), NamePolicy.isLock(name), tree.shared.keepsLocks else {
      return opened(tree.names.make(name, in: self, permissions: permissions, flags: flags), flags, caller)
    }
    return tree.names.makeLock(name, in: self, permissions: permissions).then { [self] made in
      opened(made, flags, caller)
    }
  }

  private func opened(_ made: WorkFile?, _ flags: OpenFlags, _ caller: Caller) -> Outcome<CreatedFile> {
    guard let file = made else { return .failed(tree.isRemoved ? .staleNFSFileHandle : .noSuchFileOrDirectory) }
    return file.opened(flags.subtracting(.truncate), caller).map { [tree] opened in
      var attributes = file.knownAttributes(remaining: .zero)
      attributes?.timeout = min(tree.window, Self.newborn)
      return CreatedFile(found: FoundNode(node: file, nameTimeout: .zero, attributes: attributes), opened: opened)
    }
  }

  /// How long the kernel need not ask for the attributes of what it just made. It checks the mode once more before the
  /// program has its handle, and later its own writes tell it what becomes of size and times.
  private static let newborn = Duration.seconds(1)

  // MARK: - Changes of names

  func mkdir(_ name: Name, permissions: UInt16, caller: Caller) -> Outcome<FoundNode> {
    tree.names.makeDirectory(name, in: self, permissions: permissions)
  }

  func rmdir(_ name: Name, caller: Caller) -> Outcome<Void> { tree.names.removeDirectory(name, in: self) }
  func unlink(_ name: Name, caller: Caller) -> Outcome<Void> { tree.names.unlink(name, in: self) }

  func rename(
    _ name: Name, to newName: Name, in newDirectory: any DirectoryNode, flags: RenameFlags, caller: Caller
  ) -> Outcome<Void> {
    guard let destination = newDirectory as? WorkDirectory, destination.tree === tree else {
      // mv(1) then copies.
      return .failed(.improperLink)
    }
    return tree.renamer.rename(name, in: self, to: newName, in: destination, flags: flags)
  }
}

extension FoundNode {
  /// Of a directory, what is known is told: its listing above was looked at just now.
  fileprivate init(_ node: WorkNode, nameTimeout: Duration) {
    var attributes: AttributeReply?
    if case .directory(let directory) = node { attributes = directory.knownAttributes() }
    self.init(node: node.node, nameTimeout: nameTimeout, attributes: attributes)
  }
}
