import BerayAPI
import SystemPackage
import VFS
import Waiting

/// Everything known of a file, under its lock. There is one for each file of a tree, so it is small. What only open
/// files need hangs behind references.
struct FileState {
  var place: WorkDirectory.Place
  var existence: Existence
  /// The version that the server told of last.
  var listed: FileVersion
  var mode: UInt16?
  /// In bytes; nil until the server tells it or somebody asks.
  var size: Int64?
  var modified: Timestamp
  /// The access time that a program set, which no server stores; nil: as ``modified``.
  var accessed: Timestamp?
  /// The ctime: when content, attributes or name last changed, as far as this mount saw it. No program can set it.
  private(set) var changed: Timestamp
  /// Counts the contents of the file, so that the cache never shows one for another.
  var generation: UInt32 = 0
  /// Counts the contents that others gave it, so that no handle gets parts of two.
  var epoch: UInt32 = 0
  /// The content whose size the kernel has, if others changed it since.
  private(set) var former: FormerContent?
  /// What this mount uploaded last, if the server did not tell which version that is.
  var sent: ContentDigest?
  /// Whether the server's content was written here, all of it.
  var isMadeHere = false
  /// The version that this mount made and no listing has shown yet. The first one that does tells how the server
  /// presents it.
  var unlisted: OwnVersion?
  var unsentAttributes = UnsentAttributes()
  /// If listings tell no versions: when the content was last asked for, by ``TimeSource/uptime``.
  var checked: Duration?
  /// The entity tag of the content that was read last.
  var contentTag: String?
  /// A new content that a listing announced, while it is on its way. Until it arrives, the file is still the old one.
  private(set) var bringing: Arrival?
  private(set) var source = ContentSource.untouched
  var turn = Turn()
  var opens = Opens()

  struct Arrival {
    let flight: Flight<Void, Errno>
    /// What another listing has shown meanwhile.
    var newest: FileVersion?
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

  /// What programs wrote, while the server has something else.
  var buffer: WriteBuffer? { source.buffer }

  /// Whether the server's content does not matter: there is none, or something newer is here.
  var ignoresServer: Bool { existence.isNew || existence.isGone || buffer?.isUnsent(includingEmpty: true) ?? false }

  /// Whether the file stays even if the server does not list it.
  var staysUnlisted: Bool { existence.isNew || buffer != nil }

  /// What the server has under the file's name; nil if it has nothing.
  var serverVersion: FileVersion? { existence.isNew ? nil : listed }

  /// When content, attributes or name changed last.
  var statusChanged: Timestamp { buffer.map { max(changed, $0.changed) } ?? changed }

  /// Content, attributes or name changed just now.
  mutating func statusChanges(at now: Timestamp) { changed = statusChanged.moved(to: now) }

  // MARK: - Content

  /// The file has other content now.
  mutating func contentChanged() {
    generation &+= 1
    former = nil
    if let remote = source.remote {
      remote.stream?.cancel()
      source = .untouched
    }
    contentTag = nil
    checked = nil
  }

  /// Changes how the content comes from the server; nil if programs wrote another.
  @discardableResult
  mutating func changeRemote<Value>(_ body: (inout RemoteContent) -> Value) -> Value? { source.changeRemote(body) }

  /// From now on the content is what `buffer` holds. The kernel's pages saw the same writes and stay valid.
  mutating func begins(writing buffer: WriteBuffer) {
    let (old, checked) = (generation, checked)
    contentChanged()
    self.checked = checked
    opens.pagesStay(old, as: generation)
    buffer.follows(statusChanged)
    source = .written(buffer)
  }

  /// The server has what programs wrote.
  mutating func endsWriting() {
    if let buffer { size = buffer.size }
    dropsWriting()
  }

  /// What programs wrote is dropped: the file is again what it was.
  mutating func dropsWriting() {
    changed = statusChanged
    source = .untouched
  }

  /// Somebody else gave the file other content.
  mutating func changedByOthers() {
    var known = former
    if known == nil, opens.isOpen, size != nil, buffer == nil {
      known = FormerContent(version: FileReader.Version(self), modified: modified)
    }
    contentChanged()
    former = known
    epoch &+= 1
    opens.contentIsFormer()
  }

  /// The kernel is sent a notice about the content.
  mutating func announces(_ notice: Flight<Void, Errno>, at uptime: Duration) {
    if former?.notice == nil { former?.since = uptime }
    former?.notice = notice
  }

  /// The size and the time to tell the kernel; nil if the size is not known.
  mutating func tellKernel(at uptime: Duration) -> (size: Int64, modified: Timestamp)? {
    if let former, let size = former.version.size, !former.isOver(at: uptime) { return (size, former.modified) }
    guard let size = buffer?.size ?? size else { return nil }
    former = nil
    return (size, buffer?.modified ?? modified)
  }

  // MARK: - Listings

  /// Whether a listing shows other content for a file that a program has open. Then size and bytes are taken over
  /// together: a new size over old bytes would show a part of a content, or zeros behind it.
  func comesWithContent(_ entry: FileEntry) -> Bool {
    guard opens.isOpen, buffer == nil, !existence.isNew, !existence.isGone, let size, let newSize = entry.size,
      max(size, newSize) <= ContentCache.wholeLimit
    else { return false }
    let new = FileVersion(entry)
    if let unlisted { return !unlisted.isShown(by: new, asMade: listed) }
    return !new.isSameContent(as: listed)
  }

  /// A content that a listing announced is on its way. Returns false if one already is.
  mutating func begins(bringing flight: Flight<Void, Errno>, of entry: FileEntry) -> Bool {
    guard bringing == nil else {
      bringing?.newest = FileVersion(entry)
      return false
    }
    bringing = Arrival(flight: flight)
    return true
  }

  /// It arrived, or failed. Returns what another listing has shown meanwhile.
  mutating func endsBringing() -> FileVersion? { bringing.take()?.newest }

  /// Takes over what a listing tells. Returns what the kernel has to forget: nil for nothing, false for attributes,
  /// true for pages as well.
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
      // While a program writes, the file is what it wrote.
      if isOwn { buffer.base = new }
      if isOwn || isSame || !buffer.retire() { return nil }
      endsWriting()
    }
    if isOwn {
      if let time = new.modified, !unsentAttributes.hasTime { modified = Timestamp(time) }
      // Somebody else may have written right after it, so the bytes are asked for again.
      guard !opens.isOpen, own?.isDoubtful(new) ?? false else { return false }
      let size = size
      contentChanged()
      self.size = size
      return true
    }
    // It is not ours, so somebody else changed the file after our upload.
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
