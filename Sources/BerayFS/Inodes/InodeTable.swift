import Synchronization
import VFS

/// Gives nodes their numbers and finds them again.
///
/// A node stays in the table until its owner has retired it, because it was deleted or can be listed again, and the kernel
/// has forgotten it.
final class InodeTable: Sendable {
  private struct Record {
    let node: any Node
    var lookups: UInt64 = 0
    var isRetired = false
  }

  private struct State {
    var records: [InodeID: Record] = [:]
    var next: UInt64 = InodeID.root.rawValue
  }

  private let state = Mutex(State())

  /// Makes a node with a new number. The first is the root's. `make` may add further nodes, such as its children.
  func add<N: Node>(_ make: (InodeID) -> N) -> N {
    let inode = state.withLock { state in
      defer { state.next += 1 }
      return InodeID(rawValue: state.next)
    }
    let node = make(inode)
    state.withLock { $0.records[inode] = Record(node: node) }
    return node
  }

  /// The node with that number; nil if the kernel asks for one that it has forgotten.
  subscript(inode: InodeID) -> (any Node)? {
    state.withLock { $0.records[inode]?.node }
  }

  /// The kernel was given `node` once more. A retired node then stays until it is forgotten.
  func remember(_ node: any Node) {
    state.withLock { state in
      state.records[node.inode, default: Record(node: node, isRetired: true)].lookups += 1
    }
  }

  func forget(_ inode: InodeID, count: UInt64) {
    let forgotten: (any Node)? = state.withLock { state in
      guard let index = state.records.index(forKey: inode) else { return nil }
      let lookups = state.records.values[index].lookups
      state.records.values[index].lookups = lookups > count ? lookups - count : 0
      guard lookups <= count else { return nil }
      let record = state.records.values[index]
      if record.isRetired { state.records.remove(at: index) }
      return record.node
    }
    forgotten?.forgotten()
  }

  /// Whether the kernel holds the node.
  func isRemembered(_ inode: InodeID) -> Bool {
    state.withLock { ($0.records[inode]?.lookups ?? 0) > 0 }
  }

  /// The node has left the tree. Its number goes once the kernel forgets it, and is never used again.
  func retire(_ inode: InodeID) {
    state.withLock { state in
      guard let index = state.records.index(forKey: inode) else { return }
      if state.records.values[index].lookups == 0 {
        state.records.remove(at: index)
      } else {
        state.records.values[index].isRetired = true
      }
    }
  }

  var count: Int { state.withLock { $0.records.count } }
}
