import Synchronization
import SystemPackage
import VFS

/// Renames and removes what this mount made, on servers that can do neither: the old name stays there, and is hidden
/// here until the mount ends.
extension Renamer {
  /// Uploads a file under its new name, because the server cannot rename it. If that fails, nothing has changed.
  func giveAgain(_ file: WorkFile, as purpose: FileUploader.Purpose, from path: String) async throws(Errno) {
    // If no listing would show a later change by somebody else, the server is asked: what gets hidden could be theirs.
    if file.fetcher.needsRevalidation() { try await file.fetcher.revalidate() }
    guard file.isMadeHere else { throw tree.names.refuse("rename", path) }
    let buffer = try await file.writer.bufferWithContent(hasTurn: true)
    let (version, place) = file.known { ($0.server.listed, $0.place) }
    let wasSent = !buffer.isUnsent(includingEmpty: true)
    buffer.becameFresh(at: context.time.now())
    do throws(Errno) {
      try await file.uploader.uploadWhileRenaming(purpose)
    } catch {
      if wasSent { file.wasRestored(to: version, at: place) }
      tree.markStale()
      throw error
    }
  }

  /// Hides the old name of a file that has another by now, or none.
  func leaveBehind(_ file: WorkFile, _ name: Name, in directory: WorkDirectory) {
    let (version, unlisted) = file.known { ($0.server.listed, $0.server.unlisted) }
    tree.structure.withLock { structure in
      let tick = structure.nextTick()
      let hidden = HiddenFile(version: version, unlisted: unlisted, since: tick, reason: .leftBehind)
      structure.change(directory.inode) { $0.hide(name, as: hidden) }
    }
    shared.leaves(tree)
  }

  /// What the server has under a name that is not shown.
  func hidden(_ name: Name, in directory: WorkDirectory) -> HiddenFile? {
    tree.structure.withLock { $0.directories[directory.inode]?.hidden[name] }
  }

  /// - Throws: `EPERM` if the server has a file of that name which is hidden here: nothing else can be there.
  func checkIsFree(_ name: Name, in directory: WorkDirectory, for operation: String) throws(Errno) {
    guard let hidden = hidden(name, in: directory), hidden.isStepOfASave else { return }
    throw context.refuse(
      operation, "\(directory.path)/\(name)", .notPermitted,
      "the file that had this name was renamed here, but this server cannot rename and still has it",
      advice: "use another name")
  }

  /// The paths of the names that are hidden for good.
  var leftBehind: [String] {
    let hidden = tree.structure.withLock { $0.directories.mapValues(\.hidden).filter { !$0.value.isEmpty } }
    return hidden.flatMap { inode, hidden -> [String] in
      guard let directory = context.inodes[inode] as? WorkDirectory else { return [] }
      return hidden.filter { $0.value.isStepOfASave }.map { "\(directory.path)/\($0.key)" }
    }
  }
}
