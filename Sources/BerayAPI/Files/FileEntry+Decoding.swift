extension FileEntry {
  /// Whether a name is valid in a directory: not empty, not `.` or `..`, no `/`, no NUL, at most 255 bytes (NAME_MAX).
  ///
  /// This is the only check of names from a server.
  public static func isAcceptable(name: String) -> Bool {
    let bytes = name.utf8
    return !bytes.isEmpty && bytes.count <= 255 && name != "." && name != ".." && !bytes.contains(UInt8(ascii: "/"))
      && !bytes.contains(0)
  }

  /// Reads the answer of `GET tasks/{id}/files/tree`: the entries of the requested directory.
  ///
  /// The answer may be one level, a subtree with nested `children`, or a flat list of paths. Paths may be relative to
  /// the work directory or to the requested directory. The list may be wrapped in an object, under `files`, `items`,
  /// `entries`, `tree`, `children` or `data`. An entry may also be a string: a path, which ends with `/` for a
  /// directory. Duplicates and names that ``isAcceptable(name:)`` refuses are left out.
  /// - Parameters:
  ///   - json: the server's answer.
  ///   - requestedPath: the path of the listed directory; "." is the work directory.
  ///   - recursive: whether the whole subtree was requested from a server that supports it. If false, `children` that
  ///     are empty in every directory count as unknown: some servers always send that member.
  public static func list(
    json: JSON, requestedPath: String, recursive: Bool = false
  ) throws(UnexpectedJSON) -> [FileEntry] {
    guard let elements = json.arrayValue ?? json.first(of: wrappers, as: \.arrayValue) else {
      throw UnexpectedJSON(expected: "a list of files")
    }
    return entries(
      of: elements.compactMap { ListedItem(json: $0, keepsRaw: !recursive) }, requestedPath: requestedPath,
      recursive: recursive)
  }

  /// The members of an object that may contain a list of files.
  static let wrappers = ["files", "items", "entries", "tree", "children", "data"]

  static func entries(of items: [ListedItem], requestedPath: String, recursive: Bool) -> [FileEntry] {
    let requested = Self.components(requestedPath) ?? []
    let isFromTop =
      !requested.isEmpty && items.contains(where: \.hasPath)
      && items.allSatisfy { !$0.hasPath || $0.path.starts(with: requested) }
    let tree = EntryTree()
    for item in items {
      tree.insert(item, at: isFromTop && item.hasPath ? item.path.dropFirst(requested.count) : item.path[...])
    }
    let entries = tree.entries()
    return recursive || entries.contains { $0.children?.isEmpty == false }
      ? entries : entries.map(\.withUnknownChildren)
  }

  private var withUnknownChildren: FileEntry {
    var entry = self
    entry.children = nil
    return entry
  }

  /// The components of a relative path, without `.`. Nil if one of them is not acceptable, or if the path is too long
  /// for programs to use: over 4096 bytes (PATH_MAX) or 512 components.
  static func components(_ path: String) -> [String]? {
    guard path.utf8.count <= 4096 else { return nil }
    var components: [String] = []
    for part in path.utf8.split(separator: UInt8(ascii: "/")) where !part.elementsEqual(".".utf8) {
      let name = String(Substring(part))
      guard isAcceptable(name: name), components.count < 512 else { return nil }
      components.append(name)
    }
    return components
  }
}

/// An element of the answer, and its place in the tree.
struct ListedItem {
  /// Relative to the work directory or to the requested directory.
  var path: [String]
  /// Whether the server sent a path; otherwise only the name is known.
  var hasPath: Bool
  var entry: FileEntry
  var children: [ListedItem]?

  /// - Parameter children: the children, if they have been read already.
  init?(json: JSON, children known: [ListedItem]? = nil, keepsRaw: Bool) {
    let path = json.stringValue ?? json["path"]?.stringValue
    var name = json.first(of: FieldNames.name, as: \.stringValue)
    let endsWithSlash = (name ?? path ?? "").utf8.last == UInt8(ascii: "/")
    if endsWithSlash, let given = name { name = String(given.dropLast()) }
    // An absolute path on the server's machine is useless here.
    let relative = path.flatMap { $0.utf8.first == UInt8(ascii: "/") && name != nil ? nil : $0 }
    guard var components = FileEntry.components(relative ?? "") else { return nil }
    hasPath = !components.isEmpty
    if let name, components.last.map({ !$0.utf8.elementsEqual(name.utf8) }) ?? true {
      guard FileEntry.isAcceptable(name: name) else { return nil }
      components.append(name)
    }
    guard let last = components.last else { return nil }
    self.path = components
    let nested = known ?? json["children"]?.arrayValue?.compactMap { ListedItem(json: $0, keepsRaw: false) }
    let kind = FileEntry.Kind(json: json) ?? (endsWithSlash || nested != nil ? .directory : .file)
    children = kind == .directory ? nested : nil
    entry = FileEntry(
      name: last, kind: kind, size: json.first(of: FieldNames.size, as: Self.size),
      modified: json.first(of: FieldNames.modified, as: UTCTime.init(json:)), mode: json["mode"].flatMap(Self.mode),
      etag: json["etag"]?.word, target: json.first(of: FieldNames.target, as: \.word),
      raw: keepsRaw ? json : .null)
  }

  private static func size(_ json: JSON) -> Int64? { ServerNumber.size(json.intValue) }

  /// A number is the mode itself (420 is 0644). A string has octal digits, as people write them.
  private static func mode(_ json: JSON) -> UInt16? {
    switch json {
    case .string(let text):
      let digits = text.hasPrefix("0o") ? text.dropFirst(2) : text[...]
      return UInt32(digits, radix: 8).map { UInt16($0 & 0o7777) }
    default:
      return json.intValue.flatMap { $0 < 0 ? nil : UInt16($0 & 0o7777) }
    }
  }
}

extension FileEntry.Kind {
  fileprivate init?(json: JSON) {
    if let word = json.first(of: FieldNames.entryType, as: \.word) {
      switch word.lowercased().filter({ !"-_ ".contains($0) }) {
      case "file", "regular", "regularfile": self = .file
      case "directory", "folder", "dir": self = .directory
      case "symlink", "symboliclink", "link": self = .symbolicLink
      default: self = .other
      }
    } else if let isDirectory = json.first(of: FieldNames.isDirectory, as: \.boolValue) {
      self = isDirectory ? .directory : .file
    } else {
      return nil
    }
  }
}

/// Assembles entries into a tree. Names are compared byte for byte, as in a directory.
private final class EntryTree {
  private var nodes: [(entry: FileEntry?, name: String, subtree: EntryTree?)] = []
  private var indices: [[UInt8]: Int] = [:]

  func insert(_ item: ListedItem, at path: ArraySlice<String>) {
    // An empty path means the requested directory itself.
    guard let first = path.first else {
      for child in item.children ?? [] { insert(child, at: child.path.suffix(1)) }
      return
    }
    let key = Array(first.utf8)
    let index = indices[key] ?? nodes.count
    if index == nodes.count {
      indices[key] = index
      nodes.append((nil, first, nil))
    }
    if path.count > 1 {
      if let entry = nodes[index].entry, entry.kind != .directory { return }
      subtree(index).insert(item, at: path.dropFirst())
      return
    }
    if nodes[index].entry != nil || (nodes[index].subtree != nil && item.entry.kind != .directory) { return }
    nodes[index].entry = item.entry
    guard let children = item.children else { return }
    let subtree = subtree(index)
    for child in children { subtree.insert(child, at: child.path.suffix(1)) }
  }

  private func subtree(_ index: Int) -> EntryTree {
    let subtree = nodes[index].subtree ?? EntryTree()
    nodes[index].subtree = subtree
    return subtree
  }

  func entries() -> [FileEntry] {
    nodes.map { node in
      var entry =
        node.entry
        ?? FileEntry(
          name: node.name, kind: .directory, raw: ["name": .string(node.name), "type": "directory"])
      entry.children = node.subtree?.entries()
      return entry
    }
  }
}
