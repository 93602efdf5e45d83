import VFS

#if canImport(Glibc)
import Glibc
#endif

/// What a name that a program makes in `files/` is: the one place that decides which names go up to the server.
struct NamePolicy: Sendable {
  enum Class: Sendable, Hashable {
    /// A file as any other.
    case ordinary
    /// What a program keeps for itself while it works. Made in this mount, it never goes up.
    case localOnly
    /// What a program makes on the way to a save, to rename or remove it soon. Where the server can do neither, it goes
    /// up only if it turns out to stay.
    case heldBack
  }

  /// Further patterns of names that are held back (fnmatch(3)).
  let scratchPatterns: [String]

  init(scratchPatterns: [String] = []) { self.scratchPatterns = scratchPatterns }

  /// - Parameters:
  ///   - isInGit: whether the name stands beneath a directory `.git`.
  ///   - canRemove: whether the server can take a file away again.
  func classify(_ name: Name, isInGit: Bool = false, canRemove: Bool = true) -> Class {
    let bytes = Array(name.utf8)[...]
    if Self.isLocalOnly(bytes) || (!canRemove && Self.isUndoFile(bytes)) { return .localOnly }
    if Self.isHeldBack(bytes) || (isInGit && bytes.ends(".lock")) { return .heldBack }
    return scratchPatterns.contains { fnmatch($0, name.string, 0) == 0 } ? .heldBack : .ordinary
  }

  /// Whether editors remove such a file in order to make it anew at the next save.
  static func isBackup(_ name: Name) -> Bool { name.utf8.last == UInt8(ascii: "~") }

  private static func isLocalOnly(_ name: ArraySlice<UInt8>) -> Bool {
    // vim's swap files (.NAME.sw?), and its two probes: for long names (.NAME.swpx) and for a writable directory.
    if name.begins("."), name.count >= 5, name.dropLast().ends(".sw") || name.ends(".swpx") { return true }
    if name.elementsEqual("4913".utf8) || name.elementsEqual(".DS_Store".utf8) { return true }
    // LibreOffice's locks, Emacs's locks, the NFS client's deleted files, macOS's resource forks.
    if name.begins(".~lock."), name.ends("#") { return true }
    return name.begins(".#") || name.begins(".nfs") || name.begins("._")
  }

  /// vim's undo file, which it removes before it writes it anew.
  private static func isUndoFile(_ name: ArraySlice<UInt8>) -> Bool { name.begins(".") && name.ends(".un~") }

  private static func isHeldBack(_ name: ArraySlice<UInt8>) -> Bool {
    // Backups of vim and others, Emacs's unsaved text, GLib's new files.
    if name.ends("~") || (name.begins("#") && name.ends("#") && name.count > 1) || name.begins(".goutputstream-") {
      return true
    }
    if name.ends(".tmp") || name.ends(".part") { return true }
    // sed -i; its template is sedXXXXXX.
    if name.begins("sed"), name.count == 9 { return true }
    guard name.count >= 8, name.suffix(6).allSatisfy(\.isLetterOrDigit) else { return false }
    let stem = name.dropLast(6)
    // rsync and mkstemp(3): .NAME.XXXXXX; patch: NAME.oXXXXXX; perl -i: XXXXXXXX, of which mkstemp(3) fills six.
    return (stem.begins(".") && stem.ends(".") && stem.count > 2) || (stem.ends(".o") && stem.count > 2)
      || stem.elementsEqual("XX".utf8)
  }
}

extension ArraySlice<UInt8> {
  fileprivate func begins(_ prefix: String) -> Bool { starts(with: prefix.utf8) }
  fileprivate func ends(_ suffix: String) -> Bool { self.suffix(suffix.utf8.count).elementsEqual(suffix.utf8) }
}

extension UInt8 {
  fileprivate var isLetterOrDigit: Bool {
    switch self {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "a")...UInt8(ascii: "z"):
      true
    default: false
    }
  }
}
