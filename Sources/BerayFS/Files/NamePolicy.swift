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
    if Self.isHeldBack(bytes) || (isInGit && Self.isHeldBackInGit(bytes)) { return .heldBack }
    return scratchPatterns.contains { fnmatch($0, name.string, 0) == 0 } ? .heldBack : .ordinary
  }

  /// Whether editors remove such a file in order to make it anew at the next save: a backup, or what Emacs saves by itself.
  static func isBackup(_ name: Name) -> Bool {
    let bytes = Array(name.utf8)[...]
    return bytes.ends("~") || (bytes.count > 1 && bytes.begins("#") && bytes.ends("#"))
  }

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
    // What SQLite keeps beside a database while it writes.
    if name.ends("-journal") || name.ends("-wal") || name.ends("-shm") { return true }
    // IDEs of JetBrains, before and after the rename.
    if name.ends("___jb_tmp___") || name.ends("___jb_old___") { return true }
    // Jupyter's copy of what it is about to write.
    if name.begins(".~") { return true }
    // Python's tempfile: tmpXXXXXXXX; Emacs: tmpXXXXXX; mktemp(1): tmp.XXXXXXXXXX.
    if name.begins("tmp"), name.count == 11, name.allSatisfy(\.isOfTempfile) { return true }
    if name.begins("tmp"), name.count == 9, name.allSatisfy(\.isLetterOrDigit) { return true }
    if name.begins("tmp."), name.count == 14, name.dropFirst(4).allSatisfy(\.isLetterOrDigit) { return true }
    // sed -i; its template is sedXXXXXX.
    if name.begins("sed"), name.count == 9 { return true }
    guard name.count >= 8, name.suffix(6).allSatisfy(\.isLetterOrDigit) else { return false }
    let stem = name.dropLast(6)
    // rsync and mkstemp(3): .NAME.XXXXXX; patch: NAME.oXXXXXX; perl -i: XXXXXXXX, of which mkstemp(3) fills six.
    if stem.count > 2, (stem.begins(".") && stem.ends(".")) || stem.ends(".o") { return true }
    if stem.elementsEqual("XX".utf8) { return true }
    // Qt's QSaveFile and GLib's g_file_set_contents: NAME.XXXXXX, but no extension of six letters or digits.
    let random = name.suffix(6)
    let hasName = stem.dropLast().contains { $0 != UInt8(ascii: ".") }
    return hasName && stem.ends(".") && random.contains(where: \.isUppercase) && !random.allSatisfy(\.isUppercase)
  }

  /// git's locks, what it is about to name (objects, packs, packed-refs.new), who collects garbage (gc.pid), and the
  /// probe of git init: tXXXXXX.
  private static func isHeldBackInGit(_ name: ArraySlice<UInt8>) -> Bool {
    name.ends(".lock") || name.ends(".new") || name.ends(".pid") || name.begins("tmp_") || name.begins(".tmp-")
      || (name.begins("t") && name.count == 7 && name.allSatisfy(\.isLetterOrDigit))
  }

  /// Whether programs make such a name in order to keep others out: it is of use only where they see it at once.
  static func isLock(_ name: Name) -> Bool {
    let bytes = name.utf8.map { $0 | 0x20 }[...]
    return bytes.ends("lock") || bytes.ends(".lck") || bytes.ends(".pid")
  }
}

extension ArraySlice<UInt8> {
  fileprivate func begins(_ prefix: String) -> Bool { starts(with: prefix.utf8) }
  fileprivate func ends(_ suffix: String) -> Bool { self.suffix(suffix.utf8.count).elementsEqual(suffix.utf8) }
}

extension UInt8 {
  fileprivate var isUppercase: Bool { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(self) }

  /// Whether Python's tempfile makes names of it.
  fileprivate var isOfTempfile: Bool { (isLetterOrDigit && !isUppercase) || self == UInt8(ascii: "_") }

  fileprivate var isLetterOrDigit: Bool {
    switch self {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "a")...UInt8(ascii: "z"):
      true
    default: false
    }
  }
}
