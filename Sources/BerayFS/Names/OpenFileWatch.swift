import Synchronization
import SystemPackage
import VFS

/// Polls the server while programs have files of a running task open or mapped, because reading an open file asks
/// nothing.
struct OpenFileWatch: Sendable {
  let tree: WorkTree
  var context: MountContext { tree.context }
  var shared: WorkShared { tree.shared }

  struct OpenFiles {
    var files: [InodeID: WorkFile] = [:]
    var isWatched = false
  }

  /// The longest time until the news of an event is acted upon.
  private static let glance = Duration.milliseconds(250)
  /// The longest pause while the server does not answer.
  private static let longestGlance = Duration.seconds(30)

  /// A first handle of `file` is there. Call it under the lock of the file.
  func opened(_ file: WorkFile) {
    let begins = tree.openFiles.withLock { open in
      open.files[file.inode] = file
      defer { open.isWatched = true }
      return !open.isWatched
    }
    if begins { Task { await watch() } }
  }

  /// The last handle of `file` is gone. Call it under the lock of the file.
  func closed(_ file: WorkFile) { tree.openFiles.withLock { _ = $0.files.removeValue(forKey: file.inode) } }

  private func watch() async {
    var pause = Self.glance
    var isOver = false
    while !isOver, (try? await context.time.sleep(pause)) != nil {
      // What the task did last is looked at as well.
      isOver = !tree.isRunning
      let files = tree.openFiles.withLock { open in
        if open.files.isEmpty || isOver { open.isWatched = false }
        return Array(open.files.values)
      }
      guard !files.isEmpty else { return }
      pause = await look(at: files) ? Self.glance : min(pause * 2, Self.longestGlance)
    }
  }

  /// Returns whether the server answered.
  private func look(at files: [WorkFile]) async -> Bool {
    guard await relist(files) else { return false }
    for file in files where file.fetcher.needsRevalidation() {
      do throws(Errno) {
        try await file.fetcher.revalidate()
      } catch {
        guard error == .noSuchFileOrDirectory else { return false }
      }
    }
    return true
  }

  private func relist(_ files: [WorkFile]) async -> Bool {
    let parents = files.filter { file in !file.isGone }.compactMap(\.place.parent)
    for directory in Dictionary(parents.map { ($0.inode, $0) }, uniquingKeysWith: { $1 }).values {
      do throws(Errno) {
        // If one answer lists the whole tree, one request serves all of them.
        try await tree.whenFresh(directory, grace: Self.glance) { _ in Outcome<Void>.done }.get()
      } catch {
        guard error == .noSuchFileOrDirectory else { return false }
      }
    }
    return true
  }
}
