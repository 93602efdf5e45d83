import BerayAPI
import BerayClient
import Synchronization
import SystemPackage
import VFS

/// Changes of names: one request each where the server has the operation, and where it has none, only what this mount
/// alone knows of.
extension WorkTree {
  private func refuse(_ operation: String, _ path: String) -> Errno {
    context.refuse(
      operation, path, .notPermitted, "this server cannot \(operation) files",
      advice: "a server with the operation is needed, such as 'beray-fs serve'")
  }

  func makeDirectory(_ name: Name, in directory: WorkDirectory, permissions: UInt16) -> Outcome<FoundNode> {
    .pending { [self] () async throws(Errno) in
      guard directory.child(name) == nil else { throw .fileExists }
      let capabilities = try await shared.capabilities()
      let isOnServer = capabilities.contains(.makeDirectory)
      if isOnServer {
        let path = serverPath(of: name, in: directory)
        try await context.call("mkdir", "\(directory.path)/\(name)") { () async throws(BerayError) in
          try await context.service.makeDirectory(of: task, path: path)
        }
      }
      let now = context.time.now()
      let asked = context.time.uptime()
      let made = structure.withLock { structure -> WorkDirectory? in
        guard structure.directories[directory.inode] != nil else { return nil }
        if case .directory(let other)? = structure.directories[directory.inode]?.children[name]?.node { return other }
        let made = context.inodes.add { WorkDirectory($0, name: name, parent: directory, tree: self) }
        made.isHeldHere = !isOnServer
        var contents = DirectoryContents(source: made.inode, modified: now, mode: permissions & 0o777)
        contents.isLocal = !isOnServer
        contents.freshness = .init(asked: asked, marks: structure.staleMarks)
        structure.directories[made.inode] = contents
        let tick = structure.nextTick()
        structure.directories[directory.inode]?.insert(.directory(made), as: name, touched: tick, at: now)
        structure.directories[directory.inode]?.removals[name] = nil
        return made
      }
      guard let made else { throw .noSuchFileOrDirectory }
      return FoundNode(node: made, nameTimeout: .zero)
    }
  }

  func removeDirectory(_ name: Name, in directory: WorkDirectory) -> Outcome<Void> {
    whenFresh(directory) { [self] _ in
      guard let child = directory.child(name) else { return .failed(.noSuchFileOrDirectory) }
      guard case .directory(let removed) = child.node else { return .failed(.notDirectory) }
      let isEmpty = structure.withLock { $0.directories[removed.inode]?.children.isEmpty ?? true }
      guard isEmpty else { return .failed(.directoryNotEmpty) }
      return remove("rmdir", name, in: directory, isLocal: removed.isHeldHere)
    }
  }

  func unlink(_ name: Name, in directory: WorkDirectory) -> Outcome<Void> {
    let remove = { @Sendable [self] () -> Outcome<Void> in
      guard let child = directory.child(name) else { return .failed(.noSuchFileOrDirectory) }
      switch child.node {
      case .directory: return .failed(.isDirectory)
      case .link: return self.remove("unlink", name, in: directory, isLocal: false)
      case .file(let file):
        guard let upload = file.runningUpload else {
          return self.remove("unlink", name, in: directory, isLocal: file.isLocal)
        }
        // What is on its way has to arrive first, or it would make the name again.
        return .pending { () async throws(Errno) in
          try await self.arrival(of: upload)
          try await self.remove("unlink", name, in: directory, isLocal: file.isLocal).get()
        }
      }
    }
    if let child = directory.child(name), child.node.isHeldHere { return remove() }
    return whenFresh(directory) { _ in remove() }
  }

  private func remove(_ operation: String, _ name: Name, in directory: WorkDirectory, isLocal: Bool) -> Outcome<Void> {
    if isLocal {
      forgetName(name, in: directory)
      return .done
    }
    return .pending { [self] () async throws(Errno) in
      let path = "\(directory.path)/\(name)"
      guard try await shared.capabilities().contains(.remove) else { throw refuse(operation, path) }
      let serverPath = serverPath(of: name, in: directory)
      do throws(BerayError) {
        try await context.service.removeFile(of: task, path: serverPath)
      } catch  where error.code == .notFound {
        // It is gone, which is what was asked for.
      } catch  where error.code == .conflict && operation == "rmdir" {
        markStale()
        throw .directoryNotEmpty
      } catch {
        throw context.fail(operation, path, error)
      }
      forgetName(name, in: directory)
    }
  }

  /// A name is gone because this mount took it away.
  private func forgetName(_ name: Name, in directory: WorkDirectory) {
    structure.withLock { structure in
      let tick = structure.nextTick()
      guard let child = structure.directories[directory.inode]?.remove(name, at: context.time.now()) else { return }
      structure.directories[directory.inode]?.removals[name] = tick
      release(child.node, in: &structure)
    }
  }

  // MARK: - Rename

  func rename(
    _ name: Name, in directory: WorkDirectory, to newName: Name, in newDirectory: WorkDirectory, flags: RenameFlags
  ) -> Outcome<Void> {
    guard !flags.contains(.exchange) else { return .failed(.invalidArgument) }
    return .pending { [self] () async throws(Errno) in
      if directory.child(name)?.node.isHeldHere != true {
        try await whenFresh(directory) { _ in Outcome<Void>.done }.get()
      }
      guard let child = directory.child(name) else { throw .noSuchFileOrDirectory }
      let target = newDirectory.child(newName)
      if let target {
        guard !flags.contains(.noReplace) else { throw .fileExists }
        guard target.node.inode != child.node.inode else { return }
        try checkReplacing(target.node, with: child.node)
      }
      let path = "\(directory.path)/\(name)"
      if try await moveOnServer(child.node, target: target?.node) {
        guard try await shared.capabilities().contains(.move) else { throw refuse("rename", path) }
        // Its bytes go first: the server moves what it has.
        if case .file(let file) = child.node { try await file.upload("rename", includingEmpty: true) }
        let (from, to) = (serverPath(of: name, in: directory), serverPath(of: newName, in: newDirectory))
        try await context.call("rename", path) { () async throws(BerayError) in
          try await context.service.moveFile(
            of: task, from: from, to: to, overwrite: !flags.contains(.noReplace))
        }
      }
      moveName(child, from: directory, to: newName, in: newDirectory)
      // A file that only this mount had has its real name now: it goes up under it.
      if case .file(let file) = child.node { try await file.upload("rename", includingEmpty: true) }
    }
  }

  private func checkReplacing(_ target: WorkNode, with node: WorkNode) throws(Errno) {
    switch (node, target) {
    case (.directory, .directory(let replaced)):
      let isEmpty = structure.withLock { $0.directories[replaced.inode]?.children.isEmpty ?? true }
      guard isEmpty else { throw .directoryNotEmpty }
    case (.directory, _): throw .notDirectory
    case (_, .directory): throw .isDirectory
    default: break
    }
  }

  /// Whether the server has to rename, after what is on its way there has arrived.
  private func moveOnServer(_ node: WorkNode, target: WorkNode?) async throws(Errno) -> Bool {
    guard case .file(let file) = node else { return !node.isHeldHere }
    if let upload = file.runningUpload {
      try await arrival(of: upload)
    }
    return !file.isLocal
  }

  /// Waits for an upload to end, well or not.
  private func arrival(of upload: Arrival<Void>) async throws(Errno) {
    do throws(Errno) {
      try await upload.value()
    } catch  where error == .interrupted {
      throw error
    } catch {
      // It was told to whoever asked for it.
    }
  }

  private func moveName(
    _ child: TreeChild, from directory: WorkDirectory, to newName: Name, in newDirectory: WorkDirectory
  ) {
    let now = context.time.now()
    structure.withLock { structure in
      let tick = structure.nextTick()
      structure.directories[directory.inode]?.remove(child.name, at: now)
      structure.directories[directory.inode]?.removals[child.name] = tick
      if let replaced = structure.directories[newDirectory.inode]?.remove(newName, at: now) {
        if case .file(let old) = replaced.node, case .file(let new) = child.node { new.replaces(old) }
        release(replaced.node, in: &structure)
      }
      structure.directories[newDirectory.inode]?.removals[newName] = nil
      structure.directories[newDirectory.inode]?.insert(child.node, as: newName, touched: tick, at: now)
      switch child.node {
      case .file(let file): file.move(to: .init(name: newName, parent: newDirectory))
      case .directory(let moved): moved.move(to: .init(name: newName, parent: newDirectory))
      case .link(let link):
        // A link knows its name for messages alone: it is made anew.
        let made = context.inodes.add {
          WorkLink($0, name: newName, target: link.target, in: newDirectory, modified: now)
        }
        structure.directories[newDirectory.inode]?.remove(newName, at: now)
        structure.directories[newDirectory.inode]?.insert(.link(made), as: newName, touched: tick, at: now)
        context.inodes.retire(link.inode)
      }
    }
  }
}
