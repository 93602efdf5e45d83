import Glibc
import LinuxSystem
import SystemPackage

/// One line of proc_pid_mountinfo(5).
package struct Mount: Sendable, Hashable {
  /// The minor number of the mount's device. For FUSE, it is also the connection number in `/sys/fs/fuse/connections`.
  package var deviceMinor: UInt32
  /// The absolute path, as the kernel resolved it.
  package var mountpoint: String
  /// The type of the file system, such as `fuse.beray-fs`.
  package var type: String
  /// The source, given as `fsname` when mounting.
  package var source: String
  /// The options of the mount and of its file system.
  package var options: [String]

  /// Whether this program created the mount.
  package var isBerayFS: Bool { type == "fuse.\(FuseOptions.subtype)" }
}

/// The mounts that this process sees. It is read from text, so no mounted file system is touched and a dead one cannot
/// hang it.
package struct MountTable: Sendable {
  /// The mounts in the order of mounting, except for moved ones.
  package var mounts: [Mount]

  /// Reads `/proc/self/mountinfo`. Empty if proc(5) is not mounted.
  package static func current() -> MountTable {
    MountTable(mountInfo: ProcessFile.text("/proc/self/mountinfo") ?? "")
  }

  /// Parses the text of proc_pid_mountinfo(5). Malformed lines are skipped.
  package init(mountInfo: String) {
    mounts = mountInfo.split(separator: "\n").compactMap(Mount.init(line:))
  }

  /// The mounts that this program created.
  package var ofBerayFS: [Mount] { mounts.filter(\.isBerayFS) }

  /// The uppermost mount at `path`, which may be relative or contain symbolic links.
  ///
  /// The mounted file system itself is not touched; its parent directories are.
  package func mount(at path: String) -> Mount? {
    let mountpoint = canonical(path)
    return mounts.last { $0.mountpoint == mountpoint }
  }

  /// The uppermost mount at the absolute `path` or its closest parent. No file system is touched.
  package func mount(containing path: String) -> Mount? {
    var path = path[...]
    while true {
      if let mount = mounts.last(where: { $0.mountpoint == (path.isEmpty ? "/" : path) }) { return mount }
      guard let slash = path.lastIndex(of: "/") else { return nil }
      if path.isEmpty || path == "/" { return nil }
      path = path[..<slash]
    }
  }

  /// The absolute path of `path`, found without touching a file system mounted there. Symbolic links are followed
  /// before `..` is applied.
  package func canonical(_ path: String) -> String {
    var path = Self.absolute(path)
    // Linux follows at most 40 links.
    for _ in 0..<40 {
      if mounts.contains(where: { $0.mountpoint == path }) { return path }
      guard let slash = path.lastIndex(of: "/"), path != "/" else { return "/" }
      let parent = slash == path.startIndex ? "/" : String(path[..<slash])
      let name = path[path.index(after: slash)...]
      if name == ".." {
        let directory = canonical(parent)
        path = directory.lastIndex(of: "/").map { String(directory[..<$0]) } ?? ""
        return path.isEmpty ? "/" : path
      }
      // If a directory is missing, the path can only be resolved as text.
      let realParent = FilePath(parent).resolved?.string ?? Self.folded(parent)
      let real = realParent == "/" ? "/\(name)" : "\(realParent)/\(name)"
      if mounts.contains(where: { $0.mountpoint == real }) { return real }
      guard let target = ProcessFile.link(real) else { return real }
      path = Self.absolute(target, in: realParent)
    }
    return path
  }

  /// The absolute path without `.`, and without doubled and trailing slashes.
  private static func absolute(_ path: String, in directory: String? = nil) -> String {
    let base = path.utf8.first == UInt8(ascii: "/") ? "" : (directory ?? Directory.current ?? "/") + "/"
    return "/" + (base + path).split(separator: "/").filter { $0 != "." }.joined(separator: "/")
  }

  /// Removes `..` from an absolute path, as text only.
  private static func folded(_ path: String) -> String {
    var parts: [Substring] = []
    for part in path.split(separator: "/") {
      if part == ".." { _ = parts.popLast() } else { parts.append(part) }
    }
    return "/" + parts.joined(separator: "/")
  }
}

extension Mount {
  /// `36 35 0:53 /root /mountpoint options [optional fields] - type source superoptions`
  init?(line: Substring) {
    let fields = line.split(separator: " ", omittingEmptySubsequences: false)
    guard let separator = fields.firstIndex(of: "-"), separator >= 6, fields.count >= separator + 3 else { return nil }
    let device = fields[2].split(separator: ":")
    guard device.count == 2, let minor = UInt32(device[1]) else { return nil }
    deviceMinor = minor
    mountpoint = Self.unescaped(fields[4])
    type = Self.unescaped(fields[separator + 1])
    source = Self.unescaped(fields[separator + 2])
    options = fields[5].split(separator: ",").map(Self.unescaped)
    if fields.count > separator + 3 { options += fields[separator + 3].split(separator: ",").map(Self.unescaped) }
  }

  /// Decodes `\ooo`, the form of space, tab, newline, `#` and backslash.
  private static func unescaped(_ field: Substring) -> String {
    guard field.utf8.contains(UInt8(ascii: "\\")) else { return String(field) }
    var bytes: [UInt8] = []
    var rest = field.utf8
    while let byte = rest.popFirst() {
      let octal = rest.prefix(3)
      if byte == UInt8(ascii: "\\"), octal.count == 3,
        let value = UInt8(String(decoding: octal, as: UTF8.self), radix: 8)
      {
        bytes.append(value)
        rest.removeFirst(3)
      } else {
        bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
