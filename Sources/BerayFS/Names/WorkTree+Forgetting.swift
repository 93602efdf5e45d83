import Synchronization
import SystemPackage
import VFS
import Waiting

/// Frees memory: nodes that the kernel has forgotten and nobody has open leave the tree once the next look would ask
/// the server anyway.
extension WorkTree {
  /// How long a directory is kept after its listing is out of date. No lookup takes that long.
  private static let afterglow = Duration.seconds(10)

  /// The kernel has forgotten a node.
  func nodeWasForgotten() {
    guard sweeping.withLock({ $0.asks() }) else { return }
    Task { [weak self, time = context.time] in
      while let pause = self?.sweepPause, (try? await time.sleep(pause)) != nil {
        guard let self else { return }
        sweeping.withLock { $0.begins() }
        let hasYoung = sweep()
        guard sweeping.withLock({ $0.ends(isDone: !hasYoung) }) else { return }
      }
      self?.sweeping.withLock { $0.stops() }
    }
  }

  private var sweepPause: Duration { min(window, .seconds(60)) + Self.afterglow }

  /// Drops what nobody holds. Returns whether more of it will be out of date later.
  private func sweep() -> Bool {
    let now = context.time.uptime()
    var sweep = Sweep(isDue: { $0.asked + self.sweepPause <= now })
    structure.withLock { structure in
      guard !structure.isRemoved else { return }
      let isIdle = self.sweep(root, &sweep, in: &structure)
      if isIdle { dropChildren(of: root.inode, in: &structure) }
    }
    return sweep.hasYoung
  }

  private struct Sweep {
    let isDue: (DirectoryContents.Freshness) -> Bool
    /// Whether something was only too young to go.
    var hasYoung = false
  }

  /// Drops what is idle beneath `directory`. Returns whether all of it is.
  private func sweep(_ directory: WorkDirectory, _ sweep: inout Sweep, in structure: inout TreeStructure) -> Bool {
    guard let contents = structure.directories[directory.inode] else { return true }
    var isIdle = true
    for child in contents.children.values {
      switch child.node {
      case .file(let file): isIdle = isIdle && file.isIdle && !context.inodes.isRemembered(file.inode)
      case .link(let link): isIdle = isIdle && !context.inodes.isRemembered(link.inode)
      case .directory(let nested):
        let isEmpty = self.sweep(nested, &sweep, in: &structure)
        if isEmpty { dropChildren(of: nested.inode, in: &structure) }
        // Only a server that keeps modes and times tells them again.
        isIdle = isIdle && isEmpty && shared.keepsAttributes && !context.inodes.isRemembered(nested.inode)
      }
    }
    guard isIdle, !directory.isNew, directory.isClosed, contents.isReproducible else { return false }
    guard let freshness = contents.freshness else { return contents.children.isEmpty }
    let isDue = sweep.isDue(freshness)
    if !isDue { sweep.hasYoung = true }
    return isDue
  }

  private func dropChildren(of directory: InodeID, in structure: inout TreeStructure) {
    guard let children = structure.change(directory, { $0.takeChildren() }) else { return }
    for child in children {
      context.inodes.retire(child.node.inode)
      if case .directory(let nested) = child.node { structure.drop(nested.inode) }
    }
  }
}
