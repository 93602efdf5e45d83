import Synchronization

/// The work directories that hide names which their servers still have, kept as long as they do.
final class LeavingTrees: Sendable {
  private struct Member: Sendable {
    weak let tree: WorkTree?
  }

  private let members = Mutex<[ObjectIdentifier: Member]>([:])

  func add(_ tree: WorkTree) {
    members.withLock { members in
      members = members.filter { $0.value.tree != nil }
      members[ObjectIdentifier(tree)] = Member(tree: tree)
    }
  }

  /// The paths of the hidden names.
  var paths: [String] { members.withLock { $0.values.compactMap(\.tree) }.flatMap(\.renamer.leftBehind).sorted() }
}
