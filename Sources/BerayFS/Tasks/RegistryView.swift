import Synchronization
import SystemPackage
import VFS

/// A directory that shows what the registry knows of the tasks, looked up anew at each call.
protocol RegistryView: DirectoryNode {
  var context: MountContext { get }
  var registry: TaskRegistry { get }
  var monitor: ServiceMonitor { get }
}

extension RegistryView {
  func getattr(_ file: (any OpenFile)?) -> Outcome<AttributeReply> {
    let attributes = context.attributes(
      inode, .directory, permissions: 0o500, size: 0, modified: registry.modified, links: 2)
    return .ready(AttributeReply(attributes, timeout: .zero))
  }

  func freshen() -> Outcome<KernelCopy> { registry.freshened(monitor).map { .none } }

  func entry(of listed: ListedName) -> ListedEntry? { ListedEntry(listed.node, nameTimeout: .zero) }
}

/// The nodes that a view has made, so that the same thing keeps its inode number.
final class ViewNodes<Key: Hashable & Sendable, View: Node>: Sendable {
  private let inodes: InodeTable
  private let nodes = Mutex<[Key: View]>([:])

  init(_ inodes: InodeTable) { self.inodes = inodes }

  func node(for key: Key, make: (InodeID) -> View) -> View {
    if let known = nodes.withLock({ $0[key] }) { return known }
    let made = inodes.add(make)
    let kept = nodes.withLock { nodes in
      let kept = nodes[key] ?? made
      nodes[key] = kept
      return kept
    }
    if kept !== made { inodes.retire(made.inode) }
    return kept
  }

  /// Lets go of all nodes but those of `keys`.
  func keep(_ keys: Set<Key>) {
    let gone = nodes.withLock { nodes in
      let gone = nodes.filter { !keys.contains($0.key) }.map(\.value)
      nodes = nodes.filter { keys.contains($0.key) }
      return gone
    }
    for node in gone { inodes.retire(node.inode) }
  }
}
