import Synchronization

extension WorkTree {
  func asked(_ file: WorkFile) -> AskedPath {
    let tick = structure.withLock { $0.tick }
    return AskedPath(tick: tick, path: serverPath(of: file))
  }

  func asked(_ directory: WorkDirectory) -> AskedPath {
    let tick = structure.withLock { $0.tick }
    return AskedPath(tick: tick, path: serverPath(of: directory))
  }

  /// Whether an answer to `asked` is about `file`: this mount has changed no name on the way to it since.
  func isAnswer(to asked: AskedPath, about file: WorkFile) -> Bool {
    structure.withLock { $0.isAnswer(to: asked, about: file.inode, at: file.place) }
  }
}
