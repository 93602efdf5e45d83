import BerayAPI
import VFS

/// What a ``FakeWorkServer`` has in its work directory. Paths are compared by their bytes, as ``Name`` does.
struct FakeWorkFiles {
  struct File: Sendable {
    var bytes: [UInt8]
    var modified: UTCTime
    var mode: UInt16 = 0o644
    var version: Int
    /// Whether its tag is weak, as that of a file which our own server looks at right after a change.
    var isWeak = false
    /// Moves with the time of modification, as that of our own server.
    var tag: String { (isWeak ? "W/" : "") + "\"\(version)-\(modified.seconds)\"" }
  }

  struct Directory: Sendable {
    var modified: UTCTime
    var mode: UInt16 = 0o755
  }

  private(set) var files: [Name: File] = [:]
  private(set) var directories: [Name: Directory] = [:]
  private(set) var links: [Name: String] = [:]
  private var version = 0
  private var now: UTCTime { UTCTime(seconds: 1000 + Int64(version)) }

  subscript(path: String) -> File? { files[Name(path)] }

  func has(_ path: String) -> Bool { files[Name(path)] != nil || directories[Name(path)] != nil }

  // MARK: - Changes

  mutating func put(_ path: String, _ bytes: [UInt8]) {
    version += 1
    makeDirectories(above: path)
    let old = files[Name(path)]
    files[Name(path)] = File(bytes: bytes, modified: now, mode: old?.mode ?? 0o644, version: version)
    if old == nil { changed(above: path) }
  }

  mutating func setWeak(_ path: String, _ isWeak: Bool) { files[Name(path)]?.isWeak = isWeak }

  mutating func link(_ path: String, to target: String) { links[Name(path)] = target }

  /// Removes a file, or a directory and all beneath it. Returns whether it was there.
  @discardableResult
  mutating func remove(_ path: String) -> Bool {
    version += 1
    let isThere = files.removeValue(forKey: Name(path)) != nil || directories.removeValue(forKey: Name(path)) != nil
    for name in files.keys where isBeneath(name, path) { files[name] = nil }
    for name in directories.keys where isBeneath(name, path) { directories[name] = nil }
    if isThere { changed(above: path) }
    return isThere
  }

  mutating func move(_ path: String, to newPath: String) {
    version += 1
    func moved(_ name: Name) -> Name {
      Name(newPath + String(decoding: name.utf8.dropFirst(path.utf8.count), as: UTF8.self))
    }
    for (name, file) in files where name == Name(path) || isBeneath(name, path) {
      files[name] = nil
      files[moved(name)] = file
    }
    for (name, directory) in directories where name == Name(path) || isBeneath(name, path) {
      directories[name] = nil
      directories[moved(name)] = directory
    }
    changed(above: path)
    changed(above: newPath)
  }

  mutating func makeDirectory(_ path: String) {
    version += 1
    directories[Name(path)] = Directory(modified: now)
    changed(above: path)
  }

  mutating func setAttributes(of path: String, mode: UInt16?, modified: UTCTime?) {
    let path = Name(path)
    if let mode {
      files[path]?.mode = mode
      directories[path]?.mode = mode
    }
    if let modified {
      files[path]?.modified = modified
      directories[path]?.modified = modified
    }
  }

  private mutating func makeDirectories(above path: String) {
    guard let parent = parent(of: path) else { return }
    makeDirectories(above: parent)
    if directories[Name(parent)] == nil { directories[Name(parent)] = Directory(modified: UTCTime(seconds: 500)) }
  }

  private mutating func changed(above path: String) {
    let now = now
    if let parent = parent(of: path) { directories[Name(parent)]?.modified = now }
  }

  private func parent(of path: String) -> String? {
    path.utf8.lastIndex(of: UInt8(ascii: "/")).map { String(path[..<$0]) }
  }

  private func isBeneath(_ name: Name, _ path: String) -> Bool {
    path.isEmpty || name.utf8.starts(with: (path + "/").utf8)
  }

  // MARK: - What is told

  /// What a listing of a directory tells; "" is the top.
  /// - Parameter depth: how many levels beneath it are told too.
  func entries(of path: String, depth: Int, _ manner: FakeWorkServer.Manner) -> [FileEntry] {
    func name(_ found: Name) -> String? {
      let rest = path.isEmpty ? found.utf8[...] : found.utf8.dropFirst(path.utf8.count + 1)
      guard isBeneath(found, path), !rest.contains(UInt8(ascii: "/")) else { return nil }
      return String(decoding: rest, as: UTF8.self)
    }
    var entries: [FileEntry] = []
    for (found, file) in files {
      guard let name = name(found) else { continue }
      entries.append(
        FileEntry(
          name: name, kind: .file, size: manner.tellsSizes ? Int64(file.bytes.count) : nil,
          modified: manner.tellsTimes ? file.modified : nil, mode: manner.tellsTimes ? file.mode : nil,
          etag: manner.tellsTags ? file.tag : nil))
    }
    for (found, directory) in directories {
      guard let name = name(found) else { continue }
      entries.append(
        FileEntry(
          name: name, kind: .directory, modified: manner.tellsTimes ? directory.modified : nil,
          mode: manner.tellsTimes ? directory.mode : nil,
          children: depth > 0 ? self.entries(of: found.string, depth: depth - 1, manner) : nil))
    }
    for (found, target) in links {
      guard let name = name(found) else { continue }
      entries.append(FileEntry(name: name, kind: .symbolicLink, target: target))
    }
    return entries.sorted { Name($0.name) < Name($1.name) }
  }
}
