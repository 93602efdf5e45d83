internal import BerayAPI
internal import CLinux
internal import Glibc
internal import LinuxSystem
internal import SystemPackage

/// Writes the content of a directory as the JSON of `files/tree`.
///
/// It writes bytes directly, without building values: a listing may have a hundred thousand entries.
struct DirectoryListing {
  private let recursive: Bool
  private var json = JSONBytes()
  /// Deeper directories are listed without their children, and clients must request them separately. JSON parsers limit
  /// the depth, and each directory level takes two of theirs.
  private static let maximumDepth = 100

  private init(recursive: Bool) { self.recursive = recursive }

  /// - Returns: a JSON array; `[]` if the work directory itself does not exist yet.
  static func json(of path: RelativePath, in work: AgentDirectory, recursive: Bool) throws -> [UInt8] {
    var listing = DirectoryListing(recursive: recursive)
    do {
      let status = try work.open(path, flags: LINUX_O_PATH).status()
      guard status.mode & S_IFMT == S_IFDIR else { throw HTTPFailure.badRequest("\(path.text) is not a directory") }
      let directory = try work.open(path, flags: O_RDONLY | O_DIRECTORY)
      try listing.append(directory, path: path.isRoot ? "" : path.text, depth: 0, work.grain)
    } catch let error as Errno {
      guard path.isRoot, error == .noSuchFileOrDirectory else { throw HTTPFailure(error, path: path.text) }
      return Array("[]".utf8)
    }
    return listing.json.bytes
  }

  private mutating func append(_ directory: OwnedDescriptor, path: String, depth: Int, _ grain: TimestampGrain)
    throws(Errno)
  {
    json.raw("[")
    var first = true
    for name in try directory.entryNames() {
      // Skip an entry that was removed since it was listed.
      guard let status = try? directory.status(ofEntry: name.bytes) else { continue }
      if !first { json.raw(",") }
      first = false
      let place = path.isEmpty ? name.text : path + "/" + name.text
      try append(name, status, in: directory, path: place, depth: depth, grain)
    }
    json.raw("]")
  }

  private mutating func append(
    _ name: EntryName, _ status: linux_status, in directory: OwnedDescriptor, path: String, depth: Int,
    _ grain: TimestampGrain
  ) throws(Errno) {
    let version = StoredVersion(status, grain: grain)
    json.raw("{\"name\":")
    json.string(name.text)
    json.raw(",\"path\":")
    json.string(path)
    let type = status.mode & S_IFMT
    switch type {
    case S_IFREG: json.raw(",\"type\":\"file\"")
    case S_IFDIR: json.raw(",\"type\":\"directory\"")
    case S_IFLNK: json.raw(",\"type\":\"symlink\"")
    default: json.raw(",\"type\":\"other\"")
    }
    json.raw(",\"size\":\(version.size),\"modified\":\"")
    json.raw(version.modified.iso8601(fractionDigits: 9))
    json.raw("\",\"mode\":\(version.mode)")
    if type == S_IFREG {
      json.raw(",\"etag\":")
      json.string(version.etag)
    } else if type == S_IFLNK {
      json.raw(",\"target\":")
      json.string(target(of: name, in: directory))
    } else if type == S_IFDIR, recursive, depth < Self.maximumDepth {
      // If it is unreadable or was replaced meanwhile, list it as a directory without children.
      if let child = try? directory.openEntry(name.bytes, flags: O_RDONLY | O_DIRECTORY | O_NOFOLLOW) {
        json.raw(",\"children\":")
        try append(child, path: path, depth: depth + 1, grain)
      }
    }
    json.raw("}")
  }

  private func target(of name: EntryName, in directory: OwnedDescriptor) -> String {
    EntryName.text((try? directory.linkTarget(ofEntry: name.bytes)) ?? [])
  }
}
