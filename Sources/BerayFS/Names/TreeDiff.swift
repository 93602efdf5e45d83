import BerayAPI
import VFS

/// How a listing differs from what was known of a directory.
struct TreeDiff {
  /// Entries whose names are new, or stand for another kind of file than before.
  var appeared: [FileEntry] = []
  /// Names that are still there, with what the server tells of them now.
  var kept: [(child: TreeChild, entry: FileEntry)] = []
  /// Names that are not there any more, or stand for another kind.
  var gone: [TreeChild] = []
  /// The names that stay hidden.
  var hidden: [Name: HiddenFile]
  /// Whether other entries were passed over because this mount changed them meanwhile.
  var isDoubtful = false

  /// - Parameters:
  ///   - contents: what was known.
  ///   - depth: how many directories lie between `files/` and this one, for where links may point.
  ///   - tick: ``TreeStructure/tick`` when the listing was asked for; what was done here later stays as it is.
  init(from contents: DirectoryContents, to entries: [FileEntry], depth: Int, askedAt tick: UInt64) {
    hidden = contents.hidden
    var seen: Set<Name> = []
    seen.reserveCapacity(entries.count)
    var known = 0
    for entry in entries where Self.isShown(entry, depth: depth) {
      let name = Name(entry.name)
      guard seen.insert(name).inserted else { continue }
      if let file = contents.hidden[name] {
        hidden[name] = file.shown(by: FileVersion(entry), askedAt: tick)
        if hidden[name] != nil { continue }
      }
      if let removed = contents.removals[name], removed > tick {
        isDoubtful = true
        continue
      }
      guard let child = contents.children[name] else {
        appeared.append(entry)
        continue
      }
      known += 1
      if child.touched > tick {
        isDoubtful = true
        continue
      }
      if child.node.isSameKind(as: entry) {
        kept.append((child, entry))
      } else {
        gone.append(child)
        appeared.append(entry)
      }
    }
    for (name, file) in contents.hidden where !seen.contains(name) {
      hidden[name] = file.shown(by: nil, askedAt: tick)
    }
    guard known < contents.children.count else { return }
    for child in contents.children.values where !seen.contains(child.name) && !child.node.staysUnlisted {
      if child.placed > tick { isDoubtful = true } else { gone.append(child) }
    }
  }

  private static func isShown(_ entry: FileEntry, depth: Int) -> Bool {
    switch entry.kind {
    case .file, .directory: true
    case .symbolicLink: entry.target.map { LinkTarget.staysInside($0, depth: depth) } ?? false
    case .other: false
    }
  }
}
