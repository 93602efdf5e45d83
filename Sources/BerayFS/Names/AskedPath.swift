import Synchronization
import SystemPackage
import VFS
import Waiting

/// The path of a request, which may lead elsewhere by the time of the answer.
struct AskedPath: Sendable {
  /// ``TreeStructure/tick`` when it was asked for.
  let tick: UInt64
  /// For the server.
  let path: String
}

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

extension TreeStructure {
  /// Whether an answer to `asked` is about the node that stands at `place`.
  func isAnswer(to asked: AskedPath, about inode: InodeID, at place: WorkDirectory.Place) -> Bool {
    var (inode, place) = (inode, place)
    while let parent = place.parent {
      guard let child = directories[parent.inode]?.children[place.name], child.node.inode == inode,
        child.placed <= asked.tick
      else { return false }
      (inode, place) = (parent.inode, parent.place)
    }
    return true
  }

  /// A directory has moved: the listing that told its content no longer does.
  mutating func moved(_ directory: InodeID) {
    guard directories[directory] != nil else { return }
    directories[directory]?.source = directory
    directories[directory]?.isLeftOut = false
    for case .directory(let nested) in (directories[directory]?.children.values).map({ $0.map(\.node) }) ?? [] {
      moved(nested.inode)
    }
  }
}

extension WorkFile {
  /// Waits until no change of a name on the way to the file is under way.
  func untilNamesStay() async throws(Errno) {
    while let change = state.withLock({ nameChange($0) }) { try await change.end() }
  }
}
