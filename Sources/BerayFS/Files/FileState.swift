import BerayAPI
import SystemPackage
import VFS
import Waiting

/// What is known of a file, guarded by its lock. One for each file of a tree, so it is small; what only open files need
/// hangs behind references.
struct FileState {
  var place: WorkDirectory.Place
  var existence: Existence
  /// What the server told last of its content.
  var listed: FileVersion
  var mode: UInt16?
  /// Bytes; nil while the server has not told and nobody asked.
  var size: Int64?
  var modified: Timestamp
  /// As a program set it; nil: as ``modified``. No server keeps it.
  var accessed: Timestamp?
  /// When content, attributes or name changed last, as far as this mount saw it; no program sets it.
  private(set) var changed: Timestamp
  /// Counts the contents that the file had: what is cached of one is never shown for another.
  var generation: UInt32 = 0
  /// Counts the contents that others gave it: no handle gets parts of two.
  var epoch: UInt32 = 0
  /// What this mount uploaded last, where the server did not tell which version that is.
  var sent: ContentDigest?
  /// Whether all of what the server has of it was written here.
  var isMadeHere = false
  /// This mount made the version that the server has: the first listing after it tells how the server shows it.
  var unlisted: OwnVersion?
  var unsentAttributes = UnsentAttributes()
  /// Where the listing does not tell versions: when the content was last asked for, by ``TimeSource/uptime``.
  var checked: Duration?
  /// The entity tag of the content that was read last.
  var contentTag: String?
  /// Another content, of which a listing told, on its way: until it is here, the one of before is what the file is.
  private(set) var bringing: Arrival?
  private(set) var source = ContentSource.untouched
  var turn = Turn()
  var opens = Opens()

  struct Arrival {
    let flight: Flight<Void, Errno>
    /// Another listing came meanwhile.
    var isOutdated = false
  }

  init(
    place: WorkDirectory.Place, _ existence: Existence, listed: FileVersion, mode: UInt16?, modified: Timestamp
  ) {
    self.place = place
    self.existence = existence
    self.listed = listed
    self.mode = mode
    self.size = listed.size
    self.modified = modified
    self.changed = modified
  }

  /// What programs wrote, while it differs from what the server has.
  var buffer: WriteBuffer? { source.buffer }

  /// Whether what the server has does not matter: nothing, or there is something newer here.
  var ignoresServer: Bool { existence.isNew || existence.isGone || buffer?.isUnsent(includingEmpty: true) ?? false }

  /// Whether the file stays though the server does not list it.
  var staysUnlisted: Bool { existence.isNew || buffer != nil }

  /// What the server has under the file's name; nil where it has nothing.
  var serverVersion: FileVersion? { existence.isNew ? nil : listed }

  /// When content, attributes or name changed last.
  var statusChanged: Timestamp { buffer.map { max(changed, $0.changed) } ?? changed }

  /// Content, attributes or name changed just now.
  mutating func statusChanges(at now: Timestamp) { changed = statusChanged.moved(to: now) }

  // MARK: - Content

  /// The content is another now.
  mutating func contentChanged() {
    generation &+= 1
    if let remote = source.remote {
      remote.stream?.cancel()
      source = .untouched
    }
    contentTag = nil
    checked = nil
  }

  /// Changes how the content comes from the server; nil where programs wrote another.
  @discardableResult
  mutating func changeRemote<Value>(_ body: (inout RemoteContent) -> Value) -> Value? { source.changeRemote(body) }

  /// The content becomes what `buffer` holds. The kernel's pages have seen the same writes and stay good.
  mutating func begins(writing buffer: WriteBuffer) {
    let (old, checked) = (generation, checked)
    contentChanged()
    self.checked = checked
    opens.pagesStay(old, as: generation)
    buffer.follows(statusChanged)
    source = .written(buffer)
  }

  /// The server has what programs wrote, or it is dropped.
  mutating func endsWriting() {
    changed = statusChanged
    source = .untouched
  }

  /// Others gave the file another content.
  mutating func changedByOthers() {
    contentChanged()
    epoch &+= 1
    opens.contentIsFormer()
  }

  // MARK: - Listings

  /// Whether a listing shows another content of a file that a program has open, which is to be taken over together with its
  /// bytes: a size without them would show a part of one content, or zeros behind the other.
  func comesWithContent(_ entry: FileEntry) -> Bool {
    guard opens.isOpen, buffer == nil, !existence.isNew, !existence.isGone, let size, let newSize = entry.size,
      max(size, newSize) <= ContentCache.wholeLimit
    else { return false }
    let new = FileVersion(entry)
    if let unlisted { return !unlisted.isShown(by: new, asMade: listed) }
    return !new.isSameContent(as: listed)
  }

  /// A content of which a listing told is on its way. Returns false where another is: that one is no news then.
  mutating func begins(bringing flight: Flight<Void, Errno>) -> Bool {
    guard bringing == nil else {
      bringing?.isOutdated = true
      return false
    }
    bringing = Arrival(flight: flight)
    return true
  }

  /// It is here, or does not come. Returns whether another listing came meanwhile.
  mutating func endsBringing() -> Bool { bringing.take()?.isOutdated ?? false }

  /// Takes over what a listing tells. Returns what the kernel has to forget: nothing (nil), attributes (false), or
  /// pages too (true).
  mutating func adopt(_ entry: FileEntry, at now: Timestamp) -> Bool? {
    let new = FileVersion(entry)
    let old = listed
    existence.serverHasIt()
    // A listing of names alone contradicts nothing.
    let isSame = new == FileVersion() || new.isSameContent(as: old)
    let isModeNews = entry.mode != nil && entry.mode != mode && !unsentAttributes.hasMode
    if let mode = entry.mode, !unsentAttributes.hasMode { self.mode = mode }
    listed = new
    let own = unlisted.take()
    let isOwn = own?.isShown(by: new, asMade: old) ?? false
    if !isOwn, own != nil || !isSame { isMadeHere = false }
    if let buffer {
      // While a program writes, what it wrote is what the file is.
      if isOwn { buffer.base = new }
      if isOwn || isSame || !buffer.retire() { return nil }
      endsWriting()
    }
    if isOwn {
      if let time = new.modified, !unsentAttributes.hasTime { modified = Timestamp(time) }
      // Where somebody else may have come right behind it, the bytes are asked for again.
      guard !opens.isOpen, own?.isDoubtful(new) ?? false else { return false }
      let size = size
      contentChanged()
      self.size = size
      return true
    }
    // Where it is not our own, somebody else changed it after our upload.
    if own == nil, isSame {
      if size == nil { size = new.size }
      guard (new.modified != nil && new.modified != old.modified) || isModeNews else { return nil }
      statusChanges(at: now)
      if let time = new.modified, !unsentAttributes.hasTime { modified = Timestamp(time) }
      return false
    }
    changedByOthers()
    statusChanges(at: now)
    unsentAttributes.clear()
    if let mode = entry.mode { self.mode = mode }
    size = new.size
    if let time = new.modified { modified = Timestamp(time) }
    return true
  }
}
