extension FileEntry {
  /// Whether a name can stand in a directory: not empty, not `.` nor `..`, no `/`, no NUL, at most 255 bytes
  /// (NAME_MAX).
  ///
  /// Names that a server sends are refused here and nowhere else.
  public static func isAcceptable(name: String) -> Bool {
    let bytes = name.utf8
    return !bytes.isEmpty && bytes.count <= 255 && name != "." && name != ".." && !bytes.contains(UInt8(ascii: "/"))
      && !bytes.contains(0)
  }

  /// Reads the answer of `GET tasks/{id}/files/tree`: the entries of the directory that was asked for.
  ///
  /// It may be one level, a subtree with nested `children`, or a subtree as one flat list of paths, either from the top
  /// of the work directory or from the requested one; and it may stand in an object, under `files`, `items`, `entries`,
  /// `tree`, `children` or `data`. Entries may be texts: paths, which end with `/` where they are directories. Entries
  /// with a name that ``isAcceptable(name:)`` refuses, or that came before, are left out.
  /// - Parameters:
  ///   - json: what the server sent.
  ///   - requestedPath: the path that was asked for; "." is the top.
  ///   - recursive: whether the server was asked for the whole subtree and is known to give it. If it is not, an
  ///     answer in which every directory has empty `children` may be one level of a server that always sends that
  ///     member: they count as unknown then.
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

  /// Where a list of files may stand in an object.
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

  /// The components of a relative path without its `.`s; nil if one of them is not acceptable, or where no program
  /// could name the file: beyond 4096 bytes (PATH_MAX) or 512 components.
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

/// An element of the answer, and where it stands.
struct ListedItem {
  /// From the top of the work directory, or from the requested directory.
  var path: [String]
  /// Whether the server told where it stands; else its name alone is known.
  var hasPath: Bool
  var entry: FileEntry
  var children: [ListedItem]?

  /// - Parameter children: what is in it, where that was read before the rest.
  init?(json: JSON, children known: [ListedItem]? = nil, keepsRaw: Bool) {
    let path = json.stringValue ?? json["path"]?.stringValue
    var name = json.first(of: FieldNames.name, as: \.stringValue)
    let endsWithSlash = (name ?? path ?? "").utf8.last == UInt8(ascii: "/")
    if endsWithSlash, let given = name { name = String(given.dropLast()) }
    // A path from the root of the server's machine says nothing here.
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

  /// A number is the mode itself (420 is 0644); text is its octal digits, as people write it.
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

/// Puts entries together to a tree. Names are compared byte for byte, as directories do.
private final class EntryTree {
  private var nodes: [(entry: FileEntry?, name: String, subtree: EntryTree?)] = []
  private var indices: [[UInt8]: Int] = [:]

  func insert(_ item: ListedItem, at path: ArraySlice<String>) {
    // An empty path is the requested directory itself.
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
