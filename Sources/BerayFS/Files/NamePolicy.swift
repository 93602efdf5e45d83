import VFS

/// What a name that a program makes in `files/` is: the one place that decides which names go up to the server.
struct NamePolicy: Sendable {
  enum Class: Sendable, Hashable {
    /// A file as any other.
    case ordinary
    /// What a program keeps for itself while it works. Made in this mount, it never goes up.
    case localOnly
  }

  func classify(_ name: Name) -> Class {
    let bytes = Array(name.utf8)
    return Self.isLocalOnly(bytes) ? .localOnly : .ordinary
  }

  private static func isLocalOnly(_ name: [UInt8]) -> Bool {
    func begins(_ prefix: StaticString) -> Bool { name.starts(with: UnsafeBufferPointer(prefix)) }
    // vim's swap files (.NAME.sw?) and its probe for a writable directory.
    if name.count >= 5, name[0] == UInt8(ascii: "."), name[name.count - 4] == UInt8(ascii: "."),
      name[name.count - 3] == UInt8(ascii: "s"), name[name.count - 2] == UInt8(ascii: "w")
    {
      return true
    }
    if name.elementsEqual("4913".utf8) || name.elementsEqual(".DS_Store".utf8) { return true }
    // LibreOffice's locks, Emacs's locks, the NFS client's deleted files, macOS's resource forks.
    if begins(".~lock."), name.last == UInt8(ascii: "#") { return true }
    return begins(".#") || begins(".nfs") || begins("._")
  }
}

extension UnsafeBufferPointer where Element == UInt8 {
  fileprivate init(_ string: StaticString) {
    self.init(start: string.utf8Start, count: string.utf8CodeUnitCount)
  }
}
