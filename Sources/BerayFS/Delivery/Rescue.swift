import BerayAPI
import LinuxSystem
import SystemPackage
import VFS

#if canImport(Glibc)
import Glibc
#endif

/// A file that no server took, and where its bytes are now.
package struct RescuedFile: Sendable, Hashable, CustomStringConvertible {
  /// Beneath the mountpoint, such as `42-write-docs/files/a.txt`.
  package var path: String
  package var savedAs: String

  package var description: String { "\(savedAs), which was \(path)" }
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
        try descriptor.writeAll(bytes)
        offset += Int64(bytes.count)
      }
    }
  }

  /// The same with `bytes`.
  func save(_ bytes: [UInt8], as path: String, at time: Timestamp) throws(Errno) -> RescuedFile {
    try save(as: path, size: Int64(bytes.count), at: time) { (descriptor) throws(Errno) in
      try descriptor.writeAll(bytes)
    }
  }

  private func save(
    as path: String, size: Int64, at time: Timestamp, _ fill: (borrowing Descriptor) throws(Errno) -> Void
  ) throws(Errno) -> RescuedFile {
    try Directory.make(FilePath(directory))
    try writeGuide()
    let time = UTCTime(time).iso8601(fractionDigits: 0)
    let stamp = time.filter { $0 != "-" && $0 != ":" }
    var name = ""
    let descriptor = try make(&name) { "\(stamp)-\($0)-\(Self.shortName(of: path))" }
    let line: JSON = [
      "file": .string(name), "path": .string(path), "size": .number(String(size)), "saved_at": .string(time),
    ]
    do throws(Errno) {
      // The line is written first: a file whose origin nobody knows would be as good as lost.
      try append(line.serialized() + "\n", to: Self.index)
      try fill(descriptor)
      try retrying { fsync(descriptor.rawValue) }
      try syncDirectory()
    } catch {
      unlink("\(directory)/\(name)")
      throw error
    }
    return RescuedFile(path: path, savedAs: "\(directory)/\(name)")
  }

  /// Makes a file whose name no other has.
  private func make(_ name: inout String, _ choice: (Int) -> String) throws(Errno) -> Descriptor {
    for number in 1... {
      name = choice(number)
      do throws(Errno) { return try open(name, O_WRONLY | O_CREAT | O_EXCL) } catch {
        guard error == .fileExists else { throw error }
      }
    }
    throw .fileExists
  }

  private func open(_ name: String, _ flags: Int32) throws(Errno) -> Descriptor {
    try Descriptor.open(path: "\(directory)/\(name)", flags: flags, mode: 0o600)
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
    let file = try open(name, O_WRONLY | O_CREAT | O_APPEND)
    try file.writeAll(text.utf8)
    try retrying { fsync(file.rawValue) }
  }

  private func writeGuide() throws(Errno) {
    let file: Descriptor
    do throws(Errno) { file = try open(Self.guide, O_WRONLY | O_CREAT | O_EXCL) } catch {
      guard error == .fileExists else { throw error }
      return
    }
    try file.writeAll(Self.guideText.utf8)
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
    let above = try Descriptor.open(path: directory, flags: O_RDONLY | O_DIRECTORY)
    try retrying { fsync(above.rawValue) }
  }
}
