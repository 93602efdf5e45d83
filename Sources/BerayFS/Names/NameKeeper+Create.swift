import Beray
import BerayAPI
import Synchronization
import SystemPackage
import VFS
import Waiting

/// How files are made.
extension NameKeeper {
  /// Makes a file here only; the server gets it when it is closed. Nil if the directory is gone.
  func make(
    _ name: Name, in directory: WorkDirectory, permissions: UInt16, flags: OpenFlags
  ) -> WorkFile? {
    insert(name, in: directory, permissions: permissions) { file, hidden in
      file.wasMade(
        inPlaceOf: hidden,
        isHeldBack: hidden.map(\.isStepOfASave) ?? false
          || (hidden?.isMovedAway != true && tree.heldNames.holdsBack(name, in: directory)),
        joinsOthers: flags.isDisjoint(with: [.truncate, .exclusive]))
    }
  }

  /// Makes a file that is to keep others out (O_EXCL): empty, and on the server before the program learns that it has
  /// it.
  ///
  /// The kernel holds the directory's lock, so the request has a deadline. After an interrupt, a file that the server made
  /// is removed.
  func makeLock(_ name: Name, in directory: WorkDirectory, permissions: UInt16) -> Outcome<WorkFile?> {
    .pending { [self] () async throws(Errno) in
      let path = tree.serverPath(of: name, in: directory)
      let flight = Flight<UploadReceipt, Errno>()
      tree.hold(name, in: directory)
      Task { flight.finish(await lock(path, shownAs: "\(directory.path)/\(name)")) }
      let receipt: UploadReceipt
      do throws(Errno) {
        receipt = try await flight.value()
      } catch {
        tree.settle(name, in: directory)
        if error == .interrupted {
          Task {
            guard (try? await flight.value()) != nil else { return }
            try? await context.service.removeFile(of: tree.task, path: path)
            tree.markStale()
          }
        }
        throw error
      }
      let made = insert(name, in: directory, permissions: permissions) { file, _ in file.serverMade(receipt) }
      tree.settle(name, in: directory)
      if let made, made.attributeKeeper.hasUntoldAttributes { Task { await made.attributeKeeper.retryAttributes() } }
      return made
    }
  }

  private func lock(_ path: String, shownAs shownPath: String) async -> Result<UploadReceipt, Errno> {
    do throws(BerayError) {
      return .success(
        try await tree.put(.bytes([]), to: path, within: context.options.timeouts.metadata, when: .absent))
    } catch {
      // Somebody else has the lock, or nobody knows.
      tree.markStale()
      return .failure(error.status == 412 ? .fileExists : context.fail("create", shownPath, error))
    }
  }

  private func insert(
    _ name: Name, in directory: WorkDirectory, permissions: UInt16, _ prepare: (WorkFile, HiddenFile?) -> Void
  ) -> WorkFile? {
    let now = context.time.now()
    return tree.structure.withLock { structure in
      guard let hidden = structure.change(directory.inode, { $0.unhide(name) }) else { return nil }
      let file = context.inodes.add {
        WorkFile($0, name: name, in: directory, permissions: permissions, at: now, tree: tree)
      }
      prepare(file, hidden)
      // A listing may have brought the name since it was looked for.
      if let other = structure.remove(name, from: directory.inode, at: now) {
        tree.refresher.release(other.node, in: &structure)
      }
      let tick = structure.nextTick()
      structure.change(directory.inode) { $0.insert(.file(file), as: name, touched: tick, at: now) }
      return file
    }
  }
}
