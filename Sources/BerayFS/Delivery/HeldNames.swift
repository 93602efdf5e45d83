import Beray
import Synchronization
import SystemPackage
import VFS

/// Names that are held back from the server, and names that are hidden until a program makes them anew.
struct HeldNames: Sendable {
  let tree: WorkTree
  var context: MountContext { tree.context }
  var shared: WorkShared { tree.shared }

  /// How long a name that the server still has stays hidden, so that a program can make it anew.
  static let hideTime = Duration.seconds(5)

  /// What kind of name that is, where it stands.
  func classify(_ name: Name, in directory: WorkDirectory) -> NamePolicy.Class {
    var isInGit = false
    var next: WorkDirectory? = directory
    while let place = next?.place, !isInGit {
      isInGit = place.name == ".git"
      next = place.parent
    }
    return shared.names.classify(name, isInGit: isInGit)
  }

  /// Whether a new file of that name is held back: it may be renamed or removed soon, and the server could do neither.
  func holdsBack(_ name: Name, in directory: WorkDirectory) -> Bool {
    shared.holdsBack && classify(name, in: directory) != .ordinary
  }

  /// The server cannot rename the file. There it keeps its name; here it has the new one, with its bytes, while a
  /// program makes the old name anew. If none does, the old name comes back.
  func moveAway(
    _ file: WorkFile, from name: Name, in directory: WorkDirectory, to newName: Name, in newDirectory: WorkDirectory
  ) async throws(Errno) {
    let buffer = try await file.writer.bufferWithContent(hasTurn: true)
    let now = context.time.now()
    let since = tree.structure.withLock { structure in
      let tick = structure.nextTick()
      let hidden = HiddenFile(
        version: file.known { $0.server.listed }, since: tick,
        reason: .movedAway(to: file.inode, changes: buffer.isUnsent(includingEmpty: true) ? nil : buffer.changes))
      structure.change(directory.inode) {
        $0.remove(name, at: now)
        $0.hide(name, as: hidden)
      }
      let (old, oldHidden) =
        structure.change(newDirectory.inode) { ($0.remove(newName, at: now), $0.unhide(newName)) } ?? (nil, nil)
      var replaced = oldHidden?.version
      if let old {
        if case .file(let old) = old.node { replaced = old.serverVersion }
        tree.refresher.release(old.node, in: &structure)
      }
      structure.change(newDirectory.inode) { $0.insert(.file(file), as: newName, touched: tick, at: now) }
      file.holdBack(buffer, at: .init(name: newName, parent: newDirectory), replacing: replaced)
      return tick
    }
    comesBack(name, in: directory, hidden: since, from: "rename") {
      ("the old name was not created again in time, so it is back", "the copy is \(file.path)")
    }
  }

  /// An editor removes its backup, in order to make it anew. The server cannot remove it, and still has it.
  func hide(_ name: Name, in directory: WorkDirectory) {
    let since = tree.structure.withLock { structure -> UInt64? in
      guard case .file(let file)? = structure.directories[directory.inode]?.children[name]?.node,
        let version = file.serverVersion
      else { return nil }
      let tick = structure.nextTick()
      structure.change(directory.inode) {
        $0.remove(name, at: context.time.now())
        $0.hide(name, as: HiddenFile(version: version, since: tick, reason: .removed))
      }
      tree.refresher.release(.file(file), in: &structure)
      return tick
    }
    guard let since else { return }
    comesBack(name, in: directory, hidden: since, from: "unlink") {
      ("the name was not created again in time, so it is back", "use a server that can, such as 'beray-fs serve'")
    }
  }

  /// Shows a hidden name again if nobody makes it anew in time, and says so in `.beray/errors`.
  private func comesBack(
    _ name: Name, in directory: WorkDirectory, hidden since: UInt64, from operation: String,
    _ told: @escaping @Sendable () -> (text: String, advice: String)
  ) {
    Task {
      do { try await context.time.sleep(Self.hideTime) } catch { return }
      guard show(name, in: directory, hidden: since) else { return }
      let (text, advice) = told()
      _ = context.refuse(
        operation, "\(directory.path)/\(name)", .notPermitted, "this server cannot \(operation) files; \(text)",
        advice: advice)
    }
  }

  private func show(_ name: Name, in directory: WorkDirectory, hidden since: UInt64) -> Bool {
    let isShown = tree.structure.withLock { structure in
      guard structure.directories[directory.inode]?.hidden[name]?.since == since else { return false }
      structure.change(directory.inode) {
        $0.unhide(name)
        $0.changed(at: context.time.now())
      }
      structure.markStale()
      return true
    }
    guard isShown else { return false }
    context.notifier.expire(name, in: directory.inode)
    context.notifier.invalidate(directory.inode, pages: true)
    return true
  }
}
