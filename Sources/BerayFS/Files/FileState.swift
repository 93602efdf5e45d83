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
  private(set) var attributes: FileAttributes
  private(set) var content: ContentState
  /// A new content that a listing announced, while it is on its way. Until it arrives, the file is still the old one.
  private(set) var bringing: Arrival?
  var turn = Turn.free
  var opens = Opens()
  /// Whether ``WorkShared`` has it among the files that something is to be done for.
  private var isRegistered = false

  struct Arrival {
    let flight: Flight<Void, Errno>
    /// What another listing has shown meanwhile.
    var newest: FileVersion?
  }

  init(place: WorkDirectory.Place, _ existence: Existence, listed: FileVersion, _ attributes: FileAttributes) {
    self.place = place
    self.existence = existence
    server = ServerCopy(listed)
    self.attributes = attributes
    content = ContentState(size: listed.size)
  }

  /// The file is registered, or no longer so. Returns whether that is news.
  mutating func registers(_ isRegistered: Bool) -> Bool {
    guard self.isRegistered != isRegistered else { return false }
    self.isRegistered = isRegistered
    return true
  }

  /// Content, attributes or name changed just now.
  mutating func statusChanges(at now: Timestamp) { attributes.statusChanged(at: statusChanged.moved(to: now)) }

  // MARK: - Name and attributes

  /// It has another name, or stands in another directory.
  mutating func moves(to place: WorkDirectory.Place) { self.place = place }

  /// A program changed the mode, or the server took the change.
  mutating func sets(mode: UInt16) { attributes.sets(mode: mode) }

  mutating func sets(modified time: Timestamp) {
    attributes.sets(modified: time)
    buffer?.setModified(time)
    // The reply to the program tells this time.
    content.forgetFormer()
  }

  mutating func sets(accessed time: Timestamp) { attributes.sets(accessed: time) }

  /// The server is still to be told the mode, or the time of the last modification.
  mutating func markUnsent(mode: Bool = false, time: Bool = false) { attributes.markUnsent(mode: mode, time: time) }

  /// The server was told what was set up to `count` of ``UnsentAttributes/changes``.
  mutating func markTold(upTo count: UInt32) { attributes.markTold(upTo: count) }

  // MARK: - What the server has

  /// What is here is the server's content of `uptime`.
  mutating func wasAsked(at uptime: Duration) { server.wasAsked(at: uptime) }

  /// The same, and the server tells `tag` for it.
  mutating func wasRead(_ tag: String?, at uptime: Duration) { server.wasRead(tag, at: uptime) }

  /// The same content has a new time on the server, and maybe a new entity tag.
  mutating func present(as version: FileVersion, answered: UTCTime?) {
    if let buffer, buffer.base == server.listed { buffer.base = version }
    if version.etag != server.listed.etag {
      server.contentComes(with: version.etag)
      changeRemote { $0.dropRanges() }
    }
    server.becomes(version, answered: answered)
  }

  /// The content turned out to have `size` bytes.
  mutating func learns(size: Int64) { content.setSize(size) }

  /// A whole content of `size` bytes came with `tag`. Returns whether it is somebody else's version.
  mutating func takesContent(size: Int64, tag: String?) -> Bool {
    var isOther = self.size != nil && self.size != size
    if let tag, let listed = server.listed.etag, !EntityTag(tag).weaklyMatches(EntityTag(listed)) { isOther = true }
    if isOther {
      changedByOthers()
      server.showsOther(tag, size: size)
    }
    server.contentComes(with: tag)
    content.setSize(size)
    return isOther
  }

  /// An upload of this mount has arrived as `version`.
  /// - Parameters:
  ///   - upload: what the server took.
  ///   - digest: of `upload`, if the answer names no version.
  ///   - uptime: now, by ``TimeSource/uptime``.
  /// - Returns: Whether the server has all that programs wrote.
  mutating func arrives(
    _ upload: WriteBuffer.Upload, of buffer: WriteBuffer, as version: FileVersion, answered: UTCTime?,
    digest: ContentDigest?, at uptime: Duration
  ) -> Bool {
    existence.arrived()
    server.tookUpload(
      version, answered: answered, digest: digest, isWhole: buffer.isWhole, isAlone: upload.isAlone, at: uptime)
    if upload.isAlone { buffer.base = version }
    let isAllSent = buffer.ended(upload, failure: nil)
    // The buffer holds a time that was set and not yet told, and also the time of a later write.
    if isAllSent, !attributes.unsent.hasTime, let time = version.modified { buffer.setModified(Timestamp(time)) }
    attributes.sets(modified: buffer.modified)
    return isAllSent
  }

  /// The server has the file, as empty as it was made.
  mutating func markMade(_ version: FileVersion, answered: UTCTime?) {
    existence.serverHasIt()
    server.becomes(version, answered: answered)
    attributes.takeListed(modified: version.modified)
  }

  /// Drops what can be read again.
  mutating func forgetsContent() {
    contentChanged()
    if server.forget() { content.setSize(nil) }
  }

  // MARK: - Files on the way to a save

  /// A program has just made the file, under a name that the server may still have.
  mutating func make(inPlaceOf hidden: HiddenFile?, isHeldBack: Bool) {
    if isHeldBack { existence.holdBack(isNew: hidden == nil) }
    guard let hidden else { return }
    existence.serverHasIt()
    server.adopt(hidden)
  }

  /// It waits at `place`. The server has `replaced` there, and the file under another name.
  mutating func holdBack(_ buffer: WriteBuffer, at place: WorkDirectory.Place, replacing replaced: FileVersion?) {
    self.place = place
    buffer.base = replaced
    existence.holdBack(isNew: replaced == nil)
    server.replace(by: replaced ?? FileVersion(size: buffer.size))
  }

  /// It waits under a name of which the server has nothing.
  mutating func holdBackAlone() {
    existence.holdBack(isNew: true)
    server.forgetUnlisted()
    buffer?.base = nil
  }

  /// The server has the content after all, as `version`, under the name that the file has got back.
  mutating func restore(to version: FileVersion, at place: WorkDirectory.Place) {
    self.place = place
    existence.arrived()
    server.replace(by: version)
    buffer?.base = version
  }

  // MARK: - Content

  /// The file has other content now.
  mutating func contentChanged() {
    content.changes()
    server.contentChanged()
  }

  /// Changes how the content comes from the server; nil if programs wrote another.
  @discardableResult
  mutating func changeRemote<Value>(_ body: (inout RemoteContent) -> Value) -> Value? { content.changeRemote(body) }

  /// From now on the content is what `buffer` holds. The kernel's pages saw the same writes and stay valid.
  mutating func begins(writing buffer: WriteBuffer) {
    let (old, checked) = (generation, server.checked)
    let status = statusChanged
    content.begins(writing: buffer)
    server.contentChanged()
    if let checked { server.wasAsked(at: checked) }
    opens.pagesStay(old, as: generation)
    buffer.follows(status)
  }

  /// The server has what programs wrote.
  mutating func endsWriting() {
    if let buffer { content.setSize(buffer.size) }
    dropsWriting()
  }

  /// Drops what programs wrote.
  mutating func dropsWriting() {
    attributes.statusChanged(at: statusChanged)
    content.endsWriting()
  }

  /// Drops what programs wrote for the server's content, of `size` bytes.
  mutating func goesBack(toSize size: Int64?, modified time: UTCTime? = nil) {
    contentChanged()
    dropsWriting()
    content.setSize(size)
    if let time { attributes.sets(modified: Timestamp(time)) }
  }

  /// Somebody else gave the file other content.
  mutating func changedByOthers() {
    content.othersChange(from: FileReader.Version(self), modified: attributes.modified, isOpen: opens.isOpen)
    server.contentChanged()
    opens.contentIsFormer()
  }

  /// An answer shows somebody else's content, of `size` bytes if that is known.
  mutating func changedByOthers(_ tag: String?, size: Int64?, modified time: Timestamp, asked: Duration) {
    changedByOthers()
    server.othersWrote()
    server.wasRead(tag, at: asked)
    content.setSize(size)
    attributes.sets(modified: time)
  }

  /// A range turned out to belong to somebody else's version.
  mutating func changedByOthers(_ tag: String?, size: Int64?) {
    changedByOthers()
    server.showsOther(tag, size: size)
    if let size { content.setSize(size) }
  }

  /// The kernel is sent a notice about the content.
  mutating func announces(_ notice: Flight<Void, Errno>, at uptime: Duration) {
    content.announces(notice, at: uptime)
  }

  /// The size and the time to tell the kernel, and whether they are those of the former content. Nil if the size is not
  /// known.
  mutating func tellKernel(at uptime: Duration) -> (size: Int64, modified: Timestamp, areFormer: Bool)? {
    if let former, let size = former.version.size, !former.isOver(at: uptime) { return (size, former.modified, true) }
    guard let size = buffer?.size ?? size else { return nil }
    content.forgetFormer()
    return (size, buffer?.modified ?? attributes.modified, false)
  }

  // MARK: - Listings

  /// A content that a listing announced is on its way. Returns false if one already is.
  mutating func begins(bringing flight: Flight<Void, Errno>) -> Bool {
    guard bringing == nil else { return false }
    bringing = Arrival(flight: flight)
    return true
  }

  /// A listing shows the file while the content that an earlier one announced is on its way.
  mutating func noteListing(whileBringing entry: FileEntry) { bringing?.newest = FileVersion(entry) }

  /// It arrived, or failed. Returns what another listing has shown meanwhile.
  mutating func endsBringing() -> FileVersion? { bringing.take()?.newest }

  /// Takes over what a listing tells. Returns what the kernel has to forget.
  mutating func adopt(_ entry: FileEntry, at now: Timestamp) -> Outdated {
    let new = FileVersion(entry)
    existence.serverHasIt()
    let isModeNews = attributes.takeListed(mode: entry.mode)
    let news = server.shows(new)
    if let buffer {
      // While a program writes, the file is what it wrote.
      if news.isOwn { buffer.base = new }
      if news.isOwn || news.isSame || !buffer.retire() { return .nothing }
      endsWriting()
    }
    if news.isOwn {
      attributes.takeListed(modified: new.modified)
      // Somebody else may have written right after it, so the bytes are asked for again.
      guard !opens.isOpen, news.own?.isDoubtful(new) ?? false else { return .attributes }
      contentChanged()
      return .attributesAndPages
    }
    // It is not ours, so somebody else changed the file after our upload.
    if news.own == nil, news.isSame {
      if size == nil { content.setSize(new.size) }
      guard (new.modified != nil && new.modified != news.old.modified) || isModeNews else { return .nothing }
      statusChanges(at: now)
      attributes.takeListed(modified: new.modified)
      return .attributes
    }
    changedByOthers()
    statusChanges(at: now)
    attributes.othersChanged(mode: entry.mode, modified: new.modified)
    content.setSize(new.size)
    return .attributesAndPages
  }
}
