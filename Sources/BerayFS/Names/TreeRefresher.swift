import Beray
import BerayAPI
import Synchronization
import SystemPackage
import VFS
import Waiting

/// How a tree is brought up to date.
struct TreeRefresher: Sendable {
  let tree: WorkTree
  var context: MountContext { tree.context }
  var shared: WorkShared { tree.shared }

  /// Asks the server what is in `directory`. All who ask at the same time share one request, which ends when the last
  /// of them gives up. If the server lists whole subtrees, one request brings everything up to date.
  /// - Parameters:
  ///   - window: how old a listing may be that is not asked for again, because it came just now; nil: it is asked for.
  ///   - grace: see ``WorkTree/remaining(of:marks:window:grace:)``.
  func refresh(
    _ directory: WorkDirectory, unlessYoungerThan window: Duration? = nil, grace: Duration = .zero
  ) async throws(Errno) {
    let capabilities = try await shared.capabilitiesForReading()
    let isWhole = capabilities.contains(.recursiveTree)
    var rounds = 0
    while rounds < 3 {
      let job = SharedJob()
      let next = tree.structure.withLock {
        structure -> (Flight<Void, Errno>, InodeID, isOurs: Bool, isCurrent: Bool)? in
        let source = source(of: directory, isWhole: isWhole, in: structure)
        if let running = structure.listing(of: source) { return (running.flight, source, false, running.isCurrent) }
        if let window, let contents = structure.directories[directory.inode],
          tree.remaining(of: contents, marks: structure.staleMarks, window: window, grace: grace) != nil
        {
          return nil
        }
        let flight = Flight<Void, Errno>(cancellation: .interrupted) { job.end() }
        structure.begins(listing: flight, of: source)
        return (flight, source, true, true)
      }
      guard let (flight, source, isOurs, isCurrent) = next else { return }
      if isOurs { job.run { [self] in await fetch(source, isWhole: isWhole, flight) } }
      do throws(Errno) { try await flight.value() } catch  where error == .interrupted && !Task.isCancelled {
        // The last who waited for it has gone just now, or the mount ends.
        landed(flight, source)
        rounds += 1
        guard rounds < 3 else { throw error }
        continue
      }
      if isCurrent, isListed(directory) { return }
      rounds += 1
    }
  }

  /// Asks for the listing of `directory` while nobody waits, if it was asked for before and is too old. If every look
  /// asks by itself, nothing is asked here, because it would answer the next look.
  func refreshBehind(_ directory: WorkDirectory) {
    let (window, now) = (tree.window, context.time.uptime())
    guard window > .zero else { return }
    let isOld = tree.structure.withLock { structure in
      guard let contents = structure.directories[directory.inode], contents.freshness != nil else { return false }
      return tree.remaining(of: contents, marks: structure.staleMarks, window: window, grace: WorkTree.grace) == nil
    }
    guard isOld else { return }
    let begins = tree.nextBehind.withLock { next in
      guard next <= now else { return false }
      next = .seconds(Int64.max)
      return true
    }
    guard begins else { return }
    Task {
      let hasFailed = (try? await tree.whenFresh(directory) { _ in Outcome<Void>.done }.get()) == nil
      tree.nextBehind.withLock { $0 = context.time.uptime() + (hasFailed ? max(window, .seconds(1)) : .zero) }
    }
  }

  /// The directory to ask for the content of `directory`. If the server lists whole subtrees that is the top, or the
  /// directory above it that the top's listing leaves out.
  private func source(of directory: WorkDirectory, isWhole: Bool, in structure: borrowing TreeStructure) -> InodeID {
    guard let contents = structure.directories[directory.inode] else { return directory.inode }
    let asksItself = contents.source == directory.inode && !contents.isLeftOut
    return isWhole && asksItself ? tree.root.inode : contents.source
  }

  /// Brings what is known of `directory` up to date, unless it was asked for less than `age` ago.
  func relist(_ directory: WorkDirectory, unlessYoungerThan age: Duration) async throws(Errno) {
    guard tree.structure.withLock({ $0.directories[directory.inode] != nil }) else { return }
    try await refresh(directory, unlessYoungerThan: age)
  }

  /// Does the same, and waits until the listing is taken over for `file`. Returns what went wrong.
  func relist(_ directory: WorkDirectory, unlessYoungerThan age: Duration, for file: WorkFile) async -> Errno? {
    do throws(Errno) {
      try await relist(directory, unlessYoungerThan: age)
      try await file.bringing?.end()
      return nil
    } catch {
      return error
    }
  }

  private func isListed(_ directory: WorkDirectory) -> Bool {
    tree.structure.withLock { structure in
      guard let contents = structure.directories[directory.inode] else { return true }
      return contents.freshness != nil || contents.isNew
    }
  }

  private func fetch(_ source: InodeID, isWhole: Bool, _ flight: Flight<Void, Errno>) async {
    await flight.finish { () async throws(Errno) in
      try await list(source, isWhole: isWhole)
    } landed: {
      landed(flight, source)
    }
  }

  private func landed(_ flight: Flight<Void, Errno>, _ source: InodeID) {
    tree.structure.withLock { $0.ends(listing: flight, of: source) }
  }

  /// How often a directory may be renamed while its listing is on its way.
  private static let rounds = 4

  private func list(_ source: InodeID, isWhole: Bool) async throws(Errno) {
    for _ in 0..<Self.rounds {
      guard let directory = context.inodes[source] as? WorkDirectory else { throw .staleNFSFileHandle }
      let name = tree.asked(directory)
      let asked = Asked(
        asked: context.time.uptime(), path: name, marks: tree.structure.withLock { $0.staleMarks }, isWhole: isWhole,
        source: source)
      // The top is missing where the server has no work directory yet.
      let isTop = directory.place.parent == nil
      var entries: [FileEntry]? = []
      do throws(BerayError) {
        entries = try await context.service.fileTree(of: tree.task, path: name.path, recursive: isWhole)
      } catch  where error.code == .notFound {
        if !isTop { entries = nil }
      } catch {
        throw context.fail("list", directory.path, error)
      }
      switch take(entries, of: directory, asked) {
      case .taken: return
      case .gone: throw .noSuchFileOrDirectory
      case .isOfAnother: try await tree.directoryRename.withLock { $0?.flight }?.end()
      }
    }
    // What is known of it goes on, and the next look asks again.
    tree.markStale()
  }

  /// What an answer to a listing was worth.
  private enum Taking {
    case taken
    /// There is no such directory.
    case gone
    /// The path led to another directory by the time of the answer.
    case isOfAnother
  }

  /// Takes over a listing, after checking in the same step that it is about `directory`.
  /// - Parameter entries: nil: the server has no such directory.
  private func take(_ entries: [FileEntry]?, of directory: WorkDirectory, _ asked: Asked) -> Taking {
    let depth = tree.depth(of: directory)
    return tree.structure.withLock { structure in
      guard !structure.isRemoved, structure.directories[directory.inode] != nil else { return .taken }
      let place = directory.place
      guard structure.isAnswer(to: asked.path, about: directory.inode, at: place) else { return .isOfAnother }
      if let entries {
        apply(entries, to: directory, depth: depth, asked, in: &structure)
        return .taken
      }
      if let parent = place.parent { vanish(place.name, of: parent, in: &structure) }
      structure.markStale()
      return .gone
    }
  }

  /// When a listing was asked for, in the three ways of counting.
  private struct Asked {
    var asked: Duration
    var path: AskedPath
    var marks: UInt64
    var isWhole: Bool
    var source: InodeID

    var tick: UInt64 { path.tick }
  }

  private func apply(
    _ entries: [FileEntry], to directory: WorkDirectory, depth: Int, _ asked: Asked, in structure: inout TreeStructure
  ) {
    guard let contents = structure.directories[directory.inode] else { return }
    let diff = TreeDiff(from: contents, to: entries, depth: depth, askedAt: asked.tick)
    structure.change(directory.inode) { $0.begins(listing: diff) }
    for child in diff.gone { vanish(child.name, of: directory, in: &structure) }
    for entry in diff.appeared { appear(entry, in: directory, depth: depth, asked, in: &structure) }
    for (child, entry) in diff.kept {
      switch child.node {
      case .file(let file):
        file.adopt(entry)
      case .directory(let nested):
        adopt(entry, as: nested, in: &structure)
        if let children = entry.children { apply(children, to: nested, depth: depth + 1, asked, in: &structure) }
        structure.change(nested.inode) {
          $0.isListedFromAbove(own: nested.inode, tellsChildren: entry.children != nil, isWhole: asked.isWhole)
        }
      case .link: break
      }
    }
    structure.change(directory.inode) {
      $0.ends(
        listing: .init(asked: asked.asked, marks: asked.marks, isDoubtful: diff.isDoubtful), of: asked.source,
        askedAt: asked.tick)
    }
    // The listing differs from an earlier one, so the kernel's copy goes.
    let isNews = contents.freshness != nil && !(diff.gone.isEmpty && diff.appeared.isEmpty)
    if isNews { context.notifier.invalidate(directory.inode, pages: true) }
  }

  private func appear(
    _ entry: FileEntry, in directory: WorkDirectory, depth: Int, _ asked: Asked, in structure: inout TreeStructure
  ) {
    let name = Name(entry.name)
    let now = context.time.now()
    let wasListed = structure.directories[directory.inode]?.freshness != nil
    let node: WorkNode
    switch entry.kind {
    case .file:
      node = .file(context.inodes.add { WorkFile($0, entry: entry, in: directory, at: now, tree: tree) })
    case .directory:
      let nested = context.inodes.add { WorkDirectory($0, name: name, parent: directory, tree: tree) }
      let modified = entry.modified.map(Timestamp.init)
      structure.add(
        nested.inode,
        DirectoryContents(
          source: nested.inode, at: now, mode: entry.mode, modified: modified,
          isLeftOut: asked.isWhole && entry.children == nil))
      if let children = entry.children { apply(children, to: nested, depth: depth + 1, asked, in: &structure) }
      if let modified { structure.change(nested.inode) { $0.sets(modified: modified, isTold: true) } }
      node = .directory(nested)
    case .symbolicLink:
      node = .link(
        context.inodes.add {
          WorkLink(
            $0, name: name, target: entry.target ?? "", in: directory,
            modified: entry.modified.map(Timestamp.init) ?? now)
        })
    case .other: return
    }
    // The first listing of a directory is no change of it.
    let before = structure.directories[directory.inode]?.modified ?? now
    structure.change(directory.inode) { $0.insert(node, as: name, touched: 0, at: wasListed ? now : before) }
    if wasListed { context.notifier.expire(name, in: directory.inode) }
  }

  private func adopt(_ entry: FileEntry, as directory: WorkDirectory, in structure: inout TreeStructure) {
    directory.isNew = false
    let modified = entry.modified.map(Timestamp.init)
    let isNews = structure.change(directory.inode) { $0.adopt(mode: entry.mode, modified: modified) }
    if isNews == true { context.notifier.invalidate(directory.inode, pages: false) }
  }

  /// A name left the tree without this mount's doing. Nodes beneath it go too, and the kernel forgets the names.
  func vanish(_ name: Name, of directory: WorkDirectory, in structure: inout TreeStructure) {
    guard let child = structure.remove(name, from: directory.inode, at: context.time.now()) else { return }
    let forgotten = Flight<Void, Errno>()
    context.notifier.expire(name, in: directory.inode)
    release(child.node, vanished: forgotten, in: &structure)
    context.notifier.whenExpired { forgotten.finish(.success(())) }
  }

  /// Takes a node out of the tree when its last name is gone.
  /// - Parameter forgotten: resolves once the kernel has dropped the name; unsent bytes are then saved elsewhere. Nil if a
  ///   call of the kernel removed it, which drops them.
  func release(_ node: WorkNode, vanished forgotten: Flight<Void, Errno>? = nil, in structure: inout TreeStructure) {
    switch node {
    case .file(let file):
      file.detach(
        because: forgotten.map { _ in "it was removed on the server while it was written here" }, forgotten: forgotten)
    case .directory(let nested):
      guard let contents = structure.drop(nested.inode) else { break }
      nested.leftTree(as: contents, forgotten: forgotten)
      for child in contents.children.values {
        context.notifier.expire(child.name, in: nested.inode)
        release(child.node, vanished: forgotten, in: &structure)
      }
    case .link: break
    }
    context.inodes.retire(node.inode)
  }
}
