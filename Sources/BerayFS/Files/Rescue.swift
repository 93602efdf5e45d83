import SystemPackage
import VFS

#if canImport(Glibc)
import Glibc
#endif

/// Saves bytes that no server took, at the end of a mount.
enum Rescue {
  /// Saves the content of `buffer` beneath `directory`, under `path` or, where that exists, with a number behind it.
  /// Returns where it is.
  static func save(_ buffer: WriteBuffer, as path: String, beneath directory: String) throws(Errno) -> String {
    try save(as: path, beneath: directory) { (descriptor) throws(Errno) in
      var offset: Int64 = 0
      while offset < buffer.size {
        let bytes = try buffer.read(offset: offset, count: 1 << 20)
        guard !bytes.isEmpty else { break }
        try write(bytes, to: descriptor)
        offset += Int64(bytes.count)
      }
    }
  }

  /// The same with `bytes`.
  static func save(_ bytes: [UInt8], as path: String, beneath directory: String) throws(Errno) -> String {
    try save(as: path, beneath: directory) { (descriptor) throws(Errno) in try write(bytes[...], to: descriptor) }
  }

  private static func save(
    as path: String, beneath directory: String, _ fill: (CInt) throws(Errno) -> Void
  ) throws(Errno) -> String {
    var parent = directory
    try PrivateDirectory.make(parent)
    let components = path.split(separator: "/")
    for component in components.dropLast() {
      parent += "/" + component
      try PrivateDirectory.make(parent)
    }
    let wanted = parent + "/" + (components.last ?? "file")
    var saved = wanted
    var descriptor: CInt = -1
    for attempt in 1... {
      descriptor = Glibc.open(saved, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
      if descriptor >= 0 { break }
      guard errno == EEXIST else { throw Errno(rawValue: errno) }
      saved = "\(wanted).\(attempt)"
    }
    defer { close(descriptor) }
    try fill(descriptor)
    guard Glibc.fsync(descriptor) == 0 else { throw Errno(rawValue: errno) }
    try syncDirectories(from: parent, to: directory)
    return saved
  }

  /// Makes the names last: that of the file in `parent`, and those of the directories up to `top`.
  private static func syncDirectories(from parent: String, to top: String) throws(Errno) {
    var directory = parent
    while true {
      let descriptor = Glibc.open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
      guard descriptor >= 0 else { throw Errno(rawValue: errno) }
      defer { close(descriptor) }
      guard Glibc.fsync(descriptor) == 0 else { throw Errno(rawValue: errno) }
      guard directory != top, let slash = directory.lastIndex(of: "/") else { return }
      directory = String(directory[..<slash])
    }
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
