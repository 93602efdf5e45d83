import BerayAPI
import SystemPackage
import VFS

#if canImport(Glibc)
import Glibc
#endif

/// A file that no server took, and where its bytes are now.
public struct RescuedFile: Sendable, Hashable, CustomStringConvertible {
  /// Beneath the mountpoint, such as `42-write-docs/files/a.txt`.
  public var path: String
  public var savedAs: String

  public var description: String { "\(savedAs), which was \(path)" }
}

/// Saves bytes that no server took: all files side by side in one directory, and a line for each in ``index``. So
/// neither a long path nor a long name can get in the way.
struct Rescue: Sendable {
  let directory: String

  /// The file whose lines tell what the others are.
  static let index = "index.jsonl"
  private static let guide = "README.md"
  /// How much of a file's own name its new one has, in bytes.
  private static let keptOfName = 100

  /// Saves the content of `buffer`, which was to go to `path`.
  func save(_ buffer: WriteBuffer, as path: String, at time: Timestamp) throws(Errno) -> RescuedFile {
    try save(as: path, size: buffer.size, at: time) { (descriptor) throws(Errno) in
      var offset: Int64 = 0
      while offset < buffer.size {
        let bytes = try buffer.read(offset: offset, count: 1 << 20)
        guard !bytes.isEmpty else { break }
        try Self.write(bytes, to: descriptor)
        offset += Int64(bytes.count)
      }
    }
  }

  /// The same with `bytes`.
  func save(_ bytes: [UInt8], as path: String, at time: Timestamp) throws(Errno) -> RescuedFile {
    try save(as: path, size: Int64(bytes.count), at: time) { (descriptor) throws(Errno) in
      try Self.write(bytes[...], to: descriptor)
    }
  }

  private func save(
    as path: String, size: Int64, at time: Timestamp, _ fill: (CInt) throws(Errno) -> Void
  ) throws(Errno) -> RescuedFile {
    try PrivateDirectory.make(directory)
    try writeGuide()
    let time = UTCTime(time).iso8601(fractionDigits: 0)
    let stamp = time.filter { $0 != "-" && $0 != ":" }
    let (name, descriptor) = try make { "\(stamp)-\($0)-\(Self.shortName(of: path))" }
    defer { close(descriptor) }
    let line: JSON = [
      "file": .string(name), "path": .string(path), "size": .number(String(size)), "saved_at": .string(time),
    ]
    do throws(Errno) {
      // The line is written first: a file whose origin nobody knows would be as good as lost.
      try append(line.serialized() + "\n", to: Self.index)
      try fill(descriptor)
      guard fsync(descriptor) == 0 else { throw Errno(rawValue: errno) }
      try syncDirectory()
    } catch {
      unlink("\(directory)/\(name)")
      throw error
    }
    return RescuedFile(path: path, savedAs: "\(directory)/\(name)")
  }

  /// Makes a file whose name no other has.
  private func make(_ name: (Int) -> String) throws(Errno) -> (name: String, descriptor: CInt) {
    for number in 1... {
      let descriptor = open("\(directory)/\(name(number))", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
      if descriptor >= 0 { return (name(number), descriptor) }
      guard errno == EEXIST else { throw Errno(rawValue: errno) }
    }
    throw .fileExists
  }

  /// The end of a path's last component, as long as the new name has room for it.
  private static func shortName(of path: String) -> String {
    var name = ""
    for character in path.split(separator: "/").last.map(String.init)?.reversed() ?? [] {
      let isShown = character.unicodeScalars.allSatisfy { $0.value > 0x20 && $0.value != 0x7f && $0 != "/" }
      let shown = isShown ? String(character) : "_"
      guard name.utf8.count + shown.utf8.count <= keptOfName else { break }
      name = shown + name
    }
    return name.isEmpty ? "file" : name
  }

  private func append(_ text: String, to name: String) throws(Errno) {
    let descriptor = open("\(directory)/\(name)", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw Errno(rawValue: errno) }
    defer { close(descriptor) }
    try Self.write(Array(text.utf8)[...], to: descriptor)
    guard fsync(descriptor) == 0 else { throw Errno(rawValue: errno) }
  }

  private func writeGuide() throws(Errno) {
    let descriptor = open("\(directory)/\(Self.guide)", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
      guard errno == EEXIST else { throw Errno(rawValue: errno) }
      return
    }
    defer { close(descriptor) }
    try Self.write(Array(Self.guideText.utf8)[...], to: descriptor)
  }

  private static let guideText = """
    # Files that could not be uploaded

    beray-fs saves here what programs wrote and no server took: when a mount ended, or when the file's task or directory
    was removed elsewhere.

    `index.jsonl` has a line of JSON for each file: `file` is its name here, `path` is where it was beneath the
    mountpoint, `size` is its length in bytes, `saved_at` is when it was saved.

        jq -r '[.saved_at, .size, .file, .path] | @tsv' index.jsonl

    Copy a file back to its path to upload it, then delete it here. beray-fs itself deletes nothing in this directory.

    """

  /// Makes the names last.
  private func syncDirectory() throws(Errno) {
    let descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw Errno(rawValue: errno) }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw Errno(rawValue: errno) }
  }

  private static func write(_ bytes: ArraySlice<UInt8>, to descriptor: CInt) throws(Errno) {
    var rest = bytes
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count < 0 {
        if errno == EINTR { continue }
        throw Errno(rawValue: errno)
      }
      rest = rest.dropFirst(count)
    }
  }
}
