import VFS

#if canImport(Glibc)
import Glibc
#endif

/// What a new name in `files/` stands for: the one place that knows the names that tools use. It matters only on a
/// server that can neither rename nor remove. There, a name that may soon go away is kept from going up.
struct NamePolicy: Sendable {
  enum Class: Sendable, Hashable {
    /// A file as any other.
    case ordinary
    /// A step on the way to a save, which the program renames or removes soon. It goes up if it stays.
    case heldBack
    /// A file that an editor keeps beside the one it edits. It goes up if the editor has ended and it stays.
    case editorsOwn
  }

  /// Further patterns of names that are held back (fnmatch(3)).
  let scratchPatterns: [String]

  init(scratchPatterns: [String] = []) { self.scratchPatterns = scratchPatterns }

  /// - Parameter isInGit: whether the name stands beneath a directory `.git`.
  func classify(_ name: Name, isInGit: Bool = false) -> Class {
    let bytes = Array(name.utf8)[...]
    if Self.isEditorsOwn(bytes) { return .editorsOwn }
    if Self.isHeldBack(bytes) || (isInGit && Self.isHeldBackInGit(bytes)) { return .heldBack }
    return scratchPatterns.contains { fnmatch($0, name.string, 0) == 0 } ? .heldBack : .ordinary
  }

  /// Whether editors remove such a file in order to make it anew at the next save: a backup, or an autosave of Emacs.
  static func isBackup(_ name: Name) -> Bool {
    let bytes = Array(name.utf8)[...]
    return bytes.ends("~") || (bytes.count > 1 && bytes.begins("#") && bytes.ends("#"))
  }

  /// Whether Emacs makes a link of that name to lock a file. It goes on if it cannot.
  static func isEmacsLock(_ name: Name) -> Bool { Array(name.utf8)[...].begins(".#") }

  private static func isEditorsOwn(_ name: ArraySlice<UInt8>) -> Bool {
    // vim's swap files (.NAME.swp, .swo … .swl), its two probes (.swx, .swpx), and the lock of nano.
    if name.begins("."), name.count >= 5 {
      if name.ends(".swpx") { return true }
      if name.dropLast().ends(".sw"), let last = name.last { return "xponml".utf8.contains(last) }
    }
    // LibreOffice's locks, Emacs's locks.
    return (name.begins(".~lock.") && name.ends("#")) || name.begins(".#")
  }

  private static func isHeldBack(_ name: ArraySlice<UInt8>) -> Bool {
    // Backups of vim and others, Emacs's unsaved text, GLib's new files.
    if name.ends("~") || (name.begins("#") && name.ends("#") && name.count > 1) || name.begins(".goutputstream-") {
      return true
    }
    // vim's probe for a writable directory, the NFS client's deleted files, macOS's resource forks and views.
    if name.elementsEqual("4913".utf8) || name.begins(".nfs") || name.begins("._")
      || name.elementsEqual(".DS_Store".utf8)
    {
      return true
    }
    if name.ends(".part") || name.ends(".vsctmp") || name.ends(".bck") || isMarkedTemporary(name) { return true }
    // What SQLite keeps beside a database while it writes.
    if name.ends("-journal") || name.ends("-wal") || name.ends("-shm") { return true }
    // IDEs of JetBrains, before and after the rename.
    if name.ends("___jb_tmp___") || name.ends("___jb_old___") { return true }
    // Jupyter's copy of what it is about to write.
    if name.begins(".~") { return true }
    return hasRandomName(name) || hasNumberedName(name)
  }

  /// NAME.tmp, and what some put behind that: .tmpXXXXXX (Rust's tempfile), NAME.tmp1a2b3c4d (LLVM), NAME.tmp-17312345ab
  /// (Node's atomically), NAME.tmp.4711, NAME.tmp.json. Windows writes it in capitals.
  private static func isMarkedTemporary(_ name: ArraySlice<UInt8>) -> Bool {
    let small = name.map { $0 | 0x20 }
    for start in small.indices.suffix(28) where small[start...].starts(with: ".tmp".utf8) {
      let rest = name.dropFirst(start + 4)
      let isMark = rest.first.map { !$0.isLetter } ?? true
      if isMark || rest.count >= 6, rest.allSatisfy(\.isOfMark) { return true }
    }
    return false
  }

  private static func hasRandomName(_ name: ArraySlice<UInt8>) -> Bool {
    // Python's tempfile: tmpXXXXXXXX; Emacs: tmpXXXXXX; mktemp(1): tmp.XXXXXXXXXX.
    if name.begins("tmp"), name.count == 11, name.allSatisfy(\.isOfTempfile) { return true }
    if name.begins("tmp"), name.count == 9, name.allSatisfy(\.isLetterOrDigit) { return true }
    if name.begins("tmp."), name.count == 14, name.dropFirst(4).allSatisfy(\.isLetterOrDigit) { return true }
    // The same with the name of the file in front: .NAME.XXXXXXXX (Python), .NAME-XXXXXXXX (Mercurial).
    if name.begins("."), name.count > 10, name.suffix(8).allSatisfy(\.isOfTempfile) {
      let stem = name.dropLast(8)
      if stem.ends(".") || (stem.ends("-") && !name.suffix(8).allSatisfy(\.isLetter)) { return true }
    }
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

  /// Names with a number behind them.
  private static func hasNumberedName(_ name: ArraySlice<UInt8>) -> Bool {
    let digits = name.reversed().prefix { $0.isDigit }.count
    let stem = name.dropLast(digits)
    guard digits > 0, !stem.isEmpty else { return false }
    // Python's compiled modules: NAME.pyc.139688703268656; Rails: .NAME.7012.4711.338172.
    if stem.ends(".pyc.") || (stem.begins(".") && stem.ends(".") && digits >= 4) { return true }
    // Go's CreateTemp and Node's write-file-atomic: NAME1234567890, NAME.1234567890.
    guard let last = stem.last, (9...10).contains(digits) else { return false }
    return last == UInt8(ascii: ".") || last.isLetter
  }

  /// git's locks, what it is about to name (objects, packs, packed-refs.new), who collects garbage (gc.pid), and the
  /// probe of git init: tXXXXXX.
  private static func isHeldBackInGit(_ name: ArraySlice<UInt8>) -> Bool {
    name.ends(".lock") || name.ends(".new") || name.ends(".pid") || name.begins("tmp_") || name.begins(".tmp-")
      || (name.begins("t") && name.count == 7 && name.allSatisfy(\.isLetterOrDigit))
  }

  /// Whether programs make such a name to keep others out. That works only if others see it at once.
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
  fileprivate var isDigit: Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) }
  fileprivate var isLetter: Bool { isUppercase || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self) }
  fileprivate var isLetterOrDigit: Bool { isDigit || isLetter }

  /// Whether Python's tempfile makes names of it.
  fileprivate var isOfTempfile: Bool { (isLetterOrDigit && !isUppercase) || self == UInt8(ascii: "_") }

  /// Whether it stands behind the mark of a temporary name.
  fileprivate var isOfMark: Bool { isLetterOrDigit || "._-".utf8.contains(self) }
}
