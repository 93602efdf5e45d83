import Beray
import BerayAPI
import SystemPackage
import VFS
import Waiting

/// Everything known of a file, under its lock. There is one for each file of a tree, so it is small. What only open
/// files need hangs behind references.
struct FileState {
  private(set) var place: WorkDirectory.Place
  var existence: Existence
  private(set) var server: ServerCopy
  private(set) var mode: UInt16?
  /// In bytes; nil until the server tells it or somebody asks.
  private(set) var size: Int64?
  private(set) var modified: Timestamp
  /// The access time that a program set, which no server stores; nil: as ``modified``.
  private(set) var accessed: Timestamp?
  /// The ctime: when content, attributes or name last changed, as far as this mount saw it. No program can set it.
  private(set) var changed: Timestamp
  /// Counts the contents of the file, so that the cache never shows one for another.
  private(set) var generation: UInt32 = 0
  /// Counts the contents that others gave it, so that no handle gets parts of two.
  private(set) var epoch: UInt32 = 0
  /// The content whose size the kernel knows, if others have changed it since.
  private(set) var former: FormerContent?
  var unsentAttributes = UnsentAttributes()
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
    server = ServerCopy(listed)
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
  var serverVersion: FileVersion? { existence.isNew ? nil : server.listed }

  /// When content, attributes or name changed last.
  var statusChanged: Timestamp { buffer.map { max(changed, $0.changed) } ?? changed }

  /// Content, attributes or name changed just now.
  mutating func statusChanges(at now: Timestamp) { changed = statusChanged.moved(to: now) }

  // MARK: - Name and attributes

  /// It has another name, or stands in another directory.
  mutating func moves(to place: WorkDirectory.Place) { self.place = place }

  /// A program changed the mode, or the server took the change.
  mutating func sets(mode: UInt16) { self.mode = mode }

  mutating func sets(modified time: Timestamp) {
    modified = time
    buffer?.setModified(time)
    // The reply to the program tells this time.
    former = nil
  }

  mutating func sets(accessed time: Timestamp) { accessed = time }

  // MARK: - What the server has

  /// An answer told something about the server's copy.
  mutating func learns(_ body: (inout ServerCopy) -> Void) { body(&server) }

  /// The content turned out to have `size` bytes.
  mutating func learns(size: Int64) { self.size = size }

  /// A whole content of `size` bytes came with `tag`. Returns whether it is somebody else's version.
  mutating func takesContent(size: Int64, tag: String?) -> Bool {
    var isOther = self.size != nil && self.size != size
    if let tag, let listed = server.listed.etag { isOther = isOther || tag.opaqueTag != listed.opaqueTag }
    if isOther {
      changedByOthers()
      server.showsOther(tag, size: size)
    }
    server.contentComes(with: tag)
    self.size = size
    return isOther
  }

  /// An upload of this mount has arrived.
  mutating func uploaded(_ buffer: WriteBuffer) { modified = buffer.modified }

  /// The server has the file, as empty as it was made.
  mutating func isMade(_ version: FileVersion, answered: UTCTime?) {
    existence.serverHasIt()
    server.becomes(version, answered: answered)
    if let time = version.modified { modified = Timestamp(time) }
  }

  /// Drops what can be read again.
  mutating func forgetsContent() {
    contentChanged()
    if server.forget() { size = nil }
  }

  // MARK: - Content

  /// The file has other content now.
  mutating func contentChanged() {
    generation &+= 1
    former = nil
    if let remote = source.remote {
      remote.stream?.cancel()
      source = .untouched
    }
    server.contentChanged()
  }

  /// Changes how the content comes from the server; nil if programs wrote another.
  @discardableResult
  mutating func changeRemote<Value>(_ body: (inout RemoteContent) -> Value) -> Value? { source.changeRemote(body) }

  /// From now on the content is what `buffer` holds. The kernel's pages saw the same writes and stay valid.
  mutating func begins(writing buffer: WriteBuffer) {
    let (old, checked) = (generation, server.checked)
    contentChanged()
    if let checked { server.wasAsked(at: checked) }
    opens.pagesStay(old, as: generation)
    buffer.follows(statusChanged)
    source = .written(buffer)
  }

  /// The server has what programs wrote.
  mutating func endsWriting() {
    if let buffer { size = buffer.size }
    dropsWriting()
  }

  /// Drops what programs wrote.
  mutating func dropsWriting() {
    changed = statusChanged
    source = .untouched
  }

  /// Drops what programs wrote for the server's content, of `size` bytes.
  mutating func goesBack(toSize size: Int64?, modified time: UTCTime? = nil) {
    contentChanged()
    dropsWriting()
    self.size = size
    if let time { modified = Timestamp(time) }
  }

  /// Somebody else gave the file other content.
  mutating func changedByOthers() {
    var known = former
    if known != nil {
      known?.changesAgain(from: FileReader.Version(self))
    } else if opens.isOpen, size != nil, buffer == nil {
      known = FormerContent(FileReader.Version(self), modified: modified)
    }
    contentChanged()
    former = known
    epoch &+= 1
    opens.contentIsFormer()
  }

  /// An answer shows somebody else's content, of `size` bytes if that is known.
  mutating func changedByOthers(_ tag: String?, size: Int64?, modified time: Timestamp, asked: Duration) {
    changedByOthers()
    server.othersWrote()
    server.wasRead(tag, at: asked)
    self.size = size
    modified = time
  }

  /// A range turned out to belong to somebody else's version.
  mutating func changedByOthers(_ tag: String?, size: Int64?) {
    changedByOthers()
    server.showsOther(tag, size: size)
    if let size { self.size = size }
  }

  /// The kernel is sent a notice about the content.
  mutating func announces(_ notice: Flight<Void, Errno>, at uptime: Duration) {
    former?.announces(notice, at: uptime)
  }

  /// The size and the time to tell the kernel, and whether they are those of the former content. Nil if the size is not
  /// known.
  mutating func tellKernel(at uptime: Duration) -> (size: Int64, modified: Timestamp, areFormer: Bool)? {
    if let former, let size = former.version.size, !former.isOver(at: uptime) { return (size, former.modified, true) }
    guard let size = buffer?.size ?? size else { return nil }
    former = nil
    return (size, buffer?.modified ?? modified, false)
  }

  // MARK: - Listings

  /// Whether a listing shows other content for a file that a program has open. Then size and bytes are taken over
  /// together: a new size over old bytes would show a part of a content, or zeros behind it.
  func comesWithContent(_ entry: FileEntry) -> Bool {
    guard opens.isOpen, buffer == nil, !existence.isNew, !existence.isGone, let size, let newSize = entry.size,
      max(size, newSize) <= ContentCache.wholeLimit
    else { return false }
    let new = FileVersion(entry)
    if let unlisted = server.unlisted { return !unlisted.isShown(by: new, asMade: server.listed) }
    return !new.isSameContent(as: server.listed)
  }

  /// A content that a listing announced is on its way. Returns false if one already is.
  mutating func begins(bringing flight: Flight<Void, Errno>, of entry: FileEntry) -> Bool {
    guard bringing == nil else { return false }
    bringing = Arrival(flight: flight)
    return true
  }

  /// A listing shows the file while the content that an earlier one announced is on its way.
  mutating func isListed(whileBringing entry: FileEntry) { bringing?.newest = FileVersion(entry) }

  /// It arrived, or failed. Returns what another listing has shown meanwhile.
  mutating func endsBringing() -> FileVersion? { bringing.take()?.newest }

  /// Takes over what a listing tells. Returns what the kernel has to forget: nil for nothing, false for attributes,
  /// true for pages as well.
  mutating func adopt(_ entry: FileEntry, at now: Timestamp) -> Bool? {
    let new = FileVersion(entry)
    existence.serverHasIt()
    let isModeNews = entry.mode != nil && entry.mode != mode && !unsentAttributes.hasMode
    if let mode = entry.mode, !unsentAttributes.hasMode { self.mode = mode }
    let news = server.shows(new)
    if let buffer {
      // While a program writes, the file is what it wrote.
      if news.isOwn { buffer.base = new }
      if news.isOwn || news.isSame || !buffer.retire() { return nil }
      endsWriting()
    }
    if news.isOwn {
      if let time = new.modified, !unsentAttributes.hasTime { modified = Timestamp(time) }
      // Somebody else may have written right after it, so the bytes are asked for again.
      guard !opens.isOpen, news.own?.isDoubtful(new) ?? false else { return false }
      let size = size
      contentChanged()
      self.size = size
      return true
    }
    // It is not ours, so somebody else changed the file after our upload.
    if news.own == nil, news.isSame {
      if size == nil { size = new.size }
      guard (new.modified != nil && new.modified != news.old.modified) || isModeNews else { return nil }
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
