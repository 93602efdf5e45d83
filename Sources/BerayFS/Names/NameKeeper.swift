import Beray
import BerayAPI
import Synchronization
import SystemPackage
import VFS

/// Names that are made and removed.
struct NameKeeper: Sendable {
  let tree: WorkTree
  var context: MountContext { tree.context }
  var shared: WorkShared { tree.shared }

  func refuse(_ operation: String, _ path: String) -> Errno {
    let verb = operation == "rename" ? "rename" : "remove"
    return context.refuse(
      operation, path, .notPermitted, "this server cannot \(verb) files or directories",
      advice: "use a server that can, such as 'beray-fs serve'")
  }

  func makeDirectory(_ name: Name, in directory: WorkDirectory, permissions: UInt16) -> Outcome<FoundNode> {
    if let refusal = tree.attributeRules.refusal(ofMode: permissions, "mkdir", "\(directory.path)/\(name)") {
      return .failed(refusal)
    }
    return .pending { [self] () async throws(Errno) in
      guard directory.child(name) == nil else { throw .fileExists }
      try tree.renamer.checkIsFree(name, in: directory, for: "mkdir")
      let capabilities = try await shared.capabilities()
      let isOnServer = capabilities.contains(.makeDirectory)
      tree.hold(name, in: directory)
      defer { tree.settle(name, in: directory) }
      if isOnServer { try await makeOnServer(name, in: directory, permissions: permissions, capabilities) }
      let now = context.time.now()
      let asked = context.time.uptime()
      let made = tree.structure.withLock { structure -> WorkDirectory? in
        guard structure.directories[directory.inode] != nil else { return nil }
        if case .directory(let other)? = structure.directories[directory.inode]?.children[name]?.node { return other }
        let made = context.inodes.add { WorkDirectory($0, name: name, parent: directory, tree: tree) }
        made.isNew = !isOnServer
        structure.add(
          made.inode,
          DirectoryContents(
            madeHere: made.inode, at: now, mode: permissions & 0o777, isNew: !isOnServer,
            freshness: .init(asked: asked, marks: structure.staleMarks)))
        let tick = structure.nextTick()
        structure.change(directory.inode) { $0.insert(.directory(made), as: name, touched: tick, at: now) }
        return made
      }
      guard let made else { throw .noSuchFileOrDirectory }
      return FoundNode(node: made, nameTimeout: .zero, attributes: made.knownAttributes())
    }
  }

  private func makeOnServer(
    _ name: Name, in directory: WorkDirectory, permissions: UInt16, _ capabilities: Capabilities
  ) async throws(Errno) {
    let (path, shownPath) = (tree.serverPath(of: name, in: directory), "\(directory.path)/\(name)")
    do throws(BerayError) {
      try await context.service.makeDirectory(of: tree.task, path: path)
    } catch {
      // The server may have done it after all, or have another file of that name.
      tree.markStale()
      throw context.fail("mkdir", shownPath, error)
    }
    // Servers give new directories 0755 anyway, so that mode is not sent.
    guard permissions & 0o777 != 0o755, capabilities.contains(.attributes) else { return }
    // The directory is there anyway; `.beray/errors` says that its mode differs.
    _ = try? await context.call("setattr", shownPath) { () async throws(BerayError) in
      try await context.service.setAttributes(
        of: tree.task, path: path, mode: permissions & 0o777, modified: nil, when: nil)
    }
  }

  func removeDirectory(_ name: Name, in directory: WorkDirectory) -> Outcome<Void> {
    tree.whenFresh(directory) { [self] _ in
      guard let child = directory.child(name) else { return .failed(.noSuchFileOrDirectory) }
      guard case .directory(let removed) = child.node else { return .failed(.notDirectory) }
      let isEmpty = tree.structure.withLock { $0.directories[removed.inode]?.children.isEmpty ?? true }
      guard isEmpty else { return .failed(.directoryNotEmpty) }
      return remove("rmdir", name, in: directory, isNew: removed.isNew)
    }
  }

  func unlink(_ name: Name, in directory: WorkDirectory) -> Outcome<Void> {
    let remove = { @Sendable [self] () -> Outcome<Void> in
      guard let child = directory.child(name) else { return .failed(.noSuchFileOrDirectory) }
      switch child.node {
      case .directory: return .failed(.isDirectory)
      case .link: return self.remove("unlink", name, in: directory, isNew: false)
      case .file(let file):
        if file.detachUnlessSent() {
          forgetName(name, in: directory)
          return .done
        }
        return .pending { () async throws(Errno) in
          // From here on no upload begins. Those under way have to end first, or they would make the name again.
          let turns = try await tree.takeTurns(of: [file])
          defer { turns.end() }
          guard directory.child(name)?.node.inode == file.inode else { throw .noSuchFileOrDirectory }
          if try await self.shared.capabilities().contains(.remove) { try await file.reader.keepForReaders() }
          do throws(Errno) {
            try await self.remove("unlink", name, in: directory, isNew: file.isNew).get()
          } catch {
            file.writer.retireBuffer()
            throw error
          }
        }
      }
    }
    if let child = directory.child(name), child.node.staysUnlisted { return remove() }
    return tree.whenFresh(directory) { _ in remove() }
  }

  private func remove(_ operation: String, _ name: Name, in directory: WorkDirectory, isNew: Bool) -> Outcome<Void> {
    if isNew {
      forgetName(name, in: directory)
      return .done
    }
    return .pending { [self] () async throws(Errno) in
      let path = "\(directory.path)/\(name)"
      guard try await shared.capabilities().contains(.remove) else {
        guard operation == "unlink", let file = directory.child(name)?.node.file else { throw refuse(operation, path) }
        if file.isMadeHere, file.isHeldBack || tree.heldNames.holdsBack(name, in: directory) {
          forgetName(name, in: directory)
          tree.renamer.leaveBehind(file, name, in: directory)
          return
        }
        guard NamePolicy.isBackup(name) else { throw refuse(operation, path) }
        return tree.heldNames.hide(name, in: directory)
      }
      let serverPath = tree.serverPath(of: name, in: directory)
      tree.hold(name, in: directory)
      defer { tree.settle(name, in: directory) }
      do throws(BerayError) {
        try await context.service.removeFile(of: tree.task, path: serverPath)
      } catch  where error.code == .notFound {
        // It is gone, which is what was asked for.
      } catch  where error.code == .conflict && operation == "rmdir" {
        tree.markStale()
        throw .directoryNotEmpty
      } catch {
        // The server may have done it all the same.
        tree.markStale()
        throw context.fail(operation, path, error)
      }
      forgetName(name, in: directory)
    }
  }

  /// A name is gone because this mount took it away.
  private func forgetName(_ name: Name, in directory: WorkDirectory) {
    tree.structure.withLock { structure in
      let tick = structure.nextTick()
      let now = context.time.now()
      guard let child = structure.remove(name, from: directory.inode, at: now, tick: tick) else { return }
      tree.refresher.release(child.node, in: &structure)
    }
  }
}
