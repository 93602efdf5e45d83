import BerayAPI
import VFS

/// The mode and the times of a file, as programs see them.
struct FileAttributes: Sendable {
  /// Nil if neither the server nor a program told it.
  private(set) var mode: UInt16?
  private(set) var modified: Timestamp
  /// The access time that a program set, which no server stores. Nil: as ``modified``.
  private(set) var accessed: Timestamp?
  /// The ctime: when content, attributes or name last changed, as far as this mount saw it. No program can set it.
  private(set) var changed: Timestamp
  /// What programs set and the server was not told of.
  private(set) var unsent = UnsentAttributes()

  init(mode: UInt16?, modified: Timestamp) {
    self.mode = mode
    self.modified = modified
    changed = modified
  }

  // MARK: - Programs

  mutating func sets(mode: UInt16) { self.mode = mode }

  mutating func sets(modified time: Timestamp) { modified = time }

  mutating func sets(accessed time: Timestamp) { accessed = time }

  /// The ctime is `time` now.
  mutating func statusChanged(at time: Timestamp) { changed = time }

  /// The server is still to be told the mode, or the time of the last modification.
  mutating func markUnsent(mode: Bool = false, time: Bool = false) { unsent.set(mode: mode, time: time) }

  /// The server was told what was set up to `count` of ``UnsentAttributes/changes``.
  mutating func markTold(upTo count: UInt32) { unsent.told(upTo: count) }

  // MARK: - Listings

  /// A listing tells the mode. Returns whether it is another.
  mutating func takeListed(mode: UInt16?) -> Bool {
    guard let mode, !unsent.hasMode else { return false }
    defer { self.mode = mode }
    return self.mode != mode
  }

  /// A listing tells the time of the content that is known.
  mutating func takeListed(modified time: UTCTime?) {
    if let time, !unsent.hasTime { modified = Timestamp(time) }
  }

  /// Somebody else changed the content. What was set here was set on the former one.
  mutating func othersChanged(mode: UInt16?, modified time: UTCTime?) {
    unsent.clear()
    if let mode { self.mode = mode }
    if let time { modified = Timestamp(time) }
  }
}
