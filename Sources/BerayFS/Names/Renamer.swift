import Beray
import BerayAPI
import Synchronization
import SystemPackage
import VFS
import Waiting

/// Renames: by the server if it can, otherwise by an upload under the new name.
struct Renamer: Sendable {
  let tree: WorkTree
  var context: MountContext { tree.context }
  var shared: WorkShared { tree.shared }

  func rename(
    _ name: Name, in directory: WorkDirectory, to newName: Name, in newDirectory: WorkDirectory, flags: RenameFlags
  ) -> Outcome<Void> {
    guard !flags.contains(.exchange) else { return .failed(.invalidArgument) }
    let rename = Rename(
      name: name, directory: directory, newName: newName, newDirectory: newDirectory,
      replaces: !flags.contains(.noReplace))
    return .pending { [self] () async throws(Errno) in
      // An interrupt ends the wait; half a rename would be none.
      let flight = Flight<Void, Errno>()
      Task {
        do throws(Errno) {
          try await perform(rename)
          flight.finish(.success(()))
        } catch {
          flight.finish(.failure(error))
        }
      }
      try await flight.value()
    }
  }

  /// What is to be renamed, and to what.
  private struct Rename: Sendable {
    var name: Name
    var directory: WorkDirectory
    var newName: Name
    var newDirectory: WorkDirectory
    var replaces: Bool

    var place: WorkDirectory.Place { .init(name: newName, parent: newDirectory) }
    var path: String { "\(directory.path)/\(name)" }
    var newPath: String { "\(newDirectory.path)/\(newName)" }
  }

  private func perform(_ rename: Rename) async throws(Errno) {
    if rename.directory.child(rename.name)?.node.staysUnlisted != true {
      try await tree.whenFresh(rename.directory) { _ in Outcome<Void>.done }.get()
    } else if !rename.replaces {
      // An upload replaces what is there, so what is there has to be known.
      tree.markStale()
      try await tree.whenFresh(rename.newDirectory) { _ in Outcome<Void>.done }.get()
    }
    while true {
      let child = rename.directory.child(rename.name)
      let target = rename.newDirectory.child(rename.newName)
      guard let child else { throw .noSuchFileOrDirectory }
      if let target {
        guard rename.replaces else { throw .fileExists }
        guard target.node.inode != child.node.inode else { return }
        try checkReplacing(target.node, with: child.node)
      }
      if case .directory = child.node {
        try checkIsFree(rename.newName, in: rename.newDirectory, for: "rename")
      }
      // An upload to a name, under way or about to begin, would overwrite what the rename puts there.
      let turns = try await tree.takeTurns(of: [child.node.file, target?.node.file].compactMap { $0 })
      defer { turns.end() }
      guard rename.directory.child(rename.name)?.node.inode == child.node.inode,
        rename.newDirectory.child(rename.newName)?.node.inode == target?.node.inode
      else { continue }
      // The name's content on the server changes by a move or an upload of another file.
      let capabilities = try await shared.capabilities()
      let isReplacedByUpload =
        child.node.file?.known { $0.existence.isNew || $0.existence.isHeldBack || $0.server.isMadeHere }
        ?? false
      if isReplacedByUpload || capabilities.contains(.move) { try await target?.node.file?.reader.keepForReaders() }
      do throws(Errno) {
        return try await move(child, rename)
      } catch {
        // The rename failed, so the target keeps its name and content.
        target?.node.file?.writer.retireBuffer()
        throw error
      }
    }
  }

  private func move(_ child: TreeChild, _ rename: Rename) async throws(Errno) {
    let capabilities = try await shared.capabilities()
    switch child.node {
    case .directory(let directory):
      try await tree.whileNothingIsSent(beneath: directory) { () async throws(Errno) in
        if directory.isNew { return moveName(child, rename) }
        try await moveOnServer(child, rename, capabilities)
      }
    case .link: try await moveOnServer(child, rename, capabilities)
    case .file(let file) where file.isNew || file.isHeldBack: try await give(child, file, rename)
    case .file(let file) where shared.holdsBack && tree.heldNames.holdsBack(rename.newName, in: rename.newDirectory):
      try await tree.heldNames.moveAway(
        file, from: rename.name, in: rename.directory, to: rename.newName, in: rename.newDirectory)
    case .file(let file) where !capabilities.contains(.move) && file.isMadeHere:
      var purpose = FileUploader.Purpose(.rename, to: rename.place)
      purpose.mustBeNew = !rename.replaces
      purpose.whenArrived = { [self] in
        moveName(child, rename)
        leaveBehind(file, rename.name, in: rename.directory)
      }
      if let old = rename.newDirectory.child(rename.newName)?.node.file {
        file.attributeKeeper.keepsItsMode(replacing: old)
      }
      try await giveAgain(file, as: purpose, from: rename.path)
    case .file(let file):
      guard capabilities.contains(.move) else { throw tree.names.refuse("rename", rename.path) }
      // Its bytes go first: the server moves what it has.
      try await file.uploader.uploadWhileRenaming(.init(.rename, to: file.place))
      try await moveOnServer(child, rename, capabilities)
    }
  }

  private func moveOnServer(
    _ child: TreeChild, _ rename: Rename, _ capabilities: Capabilities
  ) async throws(Errno) {
    guard capabilities.contains(.move) else { throw tree.names.refuse("rename", rename.path) }
    let from = tree.serverPath(of: rename.name, in: rename.directory)
    let to = tree.serverPath(of: rename.newName, in: rename.newDirectory)
    tree.hold(rename.name, in: rename.directory)
    tree.hold(rename.newName, in: rename.newDirectory)
    defer {
      tree.settle(rename.name, in: rename.directory)
      tree.settle(rename.newName, in: rename.newDirectory)
    }
    let receipt: UploadReceipt
    do throws(BerayError) {
      let isFile = child.node.file != nil && rename.replaces && capabilities.contains(.conditionalMoves)
      if isFile {
        let known = rename.newDirectory.child(rename.newName)?.node.file?.serverVersion
        receipt = try await moveFile(from: from, to: to, replacing: known, shownAs: rename.newPath)
      } else {
        receipt = try await context.service.moveFile(
          of: tree.task, from: from, to: to, overwrite: rename.replaces, when: nil)
      }
    } catch {
      // The server may have done it all the same.
      tree.markStale()
      let errno = context.fail("rename", rename.path, error)
      guard error.code == .conflict else { throw errno }
      // Somebody else made the name, or put something into it, after it was checked.
      if !rename.replaces { throw .fileExists }
      throw child.node.file == nil ? .directoryNotEmpty : errno
    }
    child.node.file?.attributeKeeper.wasMoved(receipt)
    moveName(child, rename)
  }

  /// Renames a file on the server. The file there is replaced; if it is not the known version, `.beray/errors` says so.
  private func moveFile(
    from: String, to: String, replacing known: FileVersion?, shownAs path: String
  ) async throws(BerayError) -> UploadReceipt {
    let service = context.service
    if let known {
      do throws(BerayError) {
        let condition = VersionCondition(replacing: known)
        return try await service.moveFile(of: tree.task, from: from, to: to, overwrite: true, when: condition)
      } catch  where error.status == 412 {
        // Another version is there, or none.
      }
    }
    do throws(BerayError) {
      return try await service.moveFile(of: tree.task, from: from, to: to, overwrite: false, when: nil)
    } catch  where error.code == .conflict {
      let receipt = try await service.moveFile(of: tree.task, from: from, to: to, overwrite: true, when: nil)
      tree.tellOfReplaced(path, by: "rename")
      return receipt
    }
  }

  /// Renames a file that the server does not have under the old name. If it is to have the new one, the file is
  /// uploaded; if that fails, nothing has changed.
  private func give(_ child: TreeChild, _ file: WorkFile, _ rename: Rename) async throws(Errno) {
    let (old, hidden) = tree.structure.withLock { structure -> (WorkFile?, HiddenFile?) in
      let contents = structure.directories[rename.newDirectory.inode]
      let old = contents?.children[rename.newName]?.node.file
      return (old, old == nil ? contents?.hidden[rename.newName] : nil)
    }
    let replaced = old?.serverVersion
    if let hidden, case .movedAway(file.inode, let changes?) = hidden.reason,
      file.buffer?.changes == changes
    {
      // It was moved away, and nothing came in its place.
      moveName(child, rename)
      return file.wasRestored(to: hidden.version, at: rename.place)
    }
    // A step of a save that was made before: the server has the name still.
    let isLeftBehind = file.serverVersion != nil
    let take = { @Sendable [self] in
      moveName(child, rename)
      if isLeftBehind { leaveBehind(file, rename.name, in: rename.directory) }
    }
    if replaced == nil, hidden == nil, tree.heldNames.holdsBack(rename.newName, in: rename.newDirectory) {
      take()
      return file.holdBackAlone()
    }
    if replaced != nil, let old { file.attributeKeeper.keepsItsMode(replacing: old) }
    var purpose = FileUploader.Purpose(.rename, to: rename.place)
    purpose.whenArrived = take
    purpose.mustBeNew = !rename.replaces
    do throws(Errno) {
      try await file.uploader.uploadWhileRenaming(purpose)
    } catch {
      tree.markStale()
      // Somebody else made it since it was looked for.
      throw error == .resourceBusy && purpose.mustBeNew ? .fileExists : error
    }
    if file.place.name != rename.newName || file.place.parent !== rename.newDirectory {
      // The server had the bytes already, or there are none.
      take()
    }
  }

  private func checkReplacing(_ target: WorkNode, with node: WorkNode) throws(Errno) {
    switch (node, target) {
    case (.directory, .directory(let replaced)):
      let isEmpty = tree.structure.withLock { $0.directories[replaced.inode]?.children.isEmpty ?? true }
      guard isEmpty else { throw .directoryNotEmpty }
    case (.directory, _): throw .notDirectory
    case (_, .directory): throw .isDirectory
    default: break
    }
  }

  private func moveName(_ child: TreeChild, _ rename: Rename) {
    let now = context.time.now()
    let (directory, newDirectory) = (rename.directory.inode, rename.newDirectory.inode)
    tree.structure.withLock { structure in
      let tick = structure.nextTick()
      structure.remove(child.name, from: directory, at: now, tick: tick)
      if let replaced = structure.remove(rename.newName, from: newDirectory, at: now) {
        if case .file(let old) = replaced.node, case .file(let new) = child.node { new.writer.replaces(old) }
        tree.refresher.release(replaced.node, in: &structure)
      }
      structure.change(newDirectory) {
        $0.unhide(rename.newName)
        $0.insert(child.node, as: rename.newName, touched: tick, at: now)
      }
      switch child.node {
      case .file(let file): file.move(to: rename.place)
      case .directory(let moved):
        moved.move(to: rename.place)
        structure.moved(moved.inode)
      case .link(let link):
        // A link knows its name for messages alone: it is made anew.
        let made = context.inodes.add {
          WorkLink($0, name: rename.newName, target: link.target, in: rename.newDirectory, modified: now)
        }
        structure.change(newDirectory) { $0.insert(.link(made), as: rename.newName, touched: tick, at: now) }
        context.inodes.retire(link.inode)
      }
    }
  }
}
