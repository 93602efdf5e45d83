import BerayAPI
import SystemPackage
import VFS
import Waiting

/// What is known of a file, guarded by its lock. One for each file of a tree, so it is small; what only open files need
/// hangs behind references.
struct FileState {
  var place: WorkDirectory.Place
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
  /// The content that the kernel's pages are of.
  var pagesGeneration: UInt32?
  /// Whether the server has no such file yet.
  var isLocal = false
  /// Made on the way to a save: it goes up only once it is known to stay.
  var isHeldBack = false
  /// Counts when the time began anew after which it is taken to stay.
  var holds: UInt32 = 0
  /// Who wrote to it last while it was held back.
  var keeper: ProcessID?
  /// What this mount uploaded last, where the server did not tell which version that is.
  var sent: ContentDigest?
  /// Whether all of what the server has of it was written here.
  var isMadeHere = false
  /// A rename, a removal or what replaces the file is under way: nothing begins to go to the server under the name that
  /// it leaves.
  var nameChange: Flight<Void, Errno>?
  /// An upload and what follows it, or attributes alone, on the way to the server: one at a time.
  var sending: Flight<Void, Errno>?
  /// No name leads to it any more.
  var isDetached = false
  /// Ends when the kernel knows that no name leads to it: never, once the task is gone.
  var forgotten: Flight<Void, Errno>?
  /// It is gone though this mount did not remove it: what is written now reaches nobody.
  var isLost = false
  /// This mount made the version that the server has: the first listing after it tells how the server shows it.
  var unlisted: OwnVersion?
  var unsentAttributes = UnsentAttributes()
  /// Where the listing does not tell versions: when the content was last asked for, by ``TimeSource/uptime``.
  var checked: Duration?
  /// The entity tag of the content that was read last.
  var contentTag: String?
  /// Another content, of which a listing told, on its way: until it is here, the one of before is what the file is.
  var bringing: Flight<Void, Errno>?
  /// Another listing came meanwhile.
  var hasLaterListing = false
  /// The kernel asks for attributes, and waits for a listing.
  var attributeRequests: Int32 = 0
  var writers: Int32 = 0
  var handles: Int32 = 0
  /// Handles that may read, and those of them that read a content of before ``epoch``.
  var readers: Int32 = 0
  var formerReaders: Int32 = 0
  /// What programs wrote, while it differs from what the server has.
  var buffer: WriteBuffer? {
    didSet { if let oldValue, buffer == nil { changed = max(changed, oldValue.changed) } }
  }
  /// The whole content on its way.
  var fetch: Flight<[InodeID: [UInt8]], Errno>?
  /// The size on its way.
  var sizing: Flight<Void, Errno>?
  /// Large content that is read in parts.
  var ranges: RangeReader?
  /// Large content that comes as one stream.
  var stream: StreamReader?

  init(place: WorkDirectory.Place, listed: FileVersion, mode: UInt16?, modified: Timestamp) {
    self.place = place
    self.listed = listed
    self.mode = mode
    self.size = listed.size
    self.modified = modified
    self.changed = modified
  }

  /// When content, attributes or name changed last.
  var statusChanged: Timestamp { buffer.map { max(changed, $0.changed) } ?? changed }

  /// Content, attributes or name changed just now.
  mutating func statusChanges(at now: Timestamp) { changed = statusChanged.moved(to: now) }

  /// The content is another now.
  mutating func contentChanged() {
    generation &+= 1
    ranges = nil
    stream?.cancel()
    stream = nil
    fetch = nil
    sizing = nil
    contentTag = nil
    checked = nil
  }

  /// Others gave the file another content.
  mutating func changedByOthers() {
    contentChanged()
    epoch &+= 1
    formerReaders = readers
  }

  /// Whether the kernel may still lead here by a name that is gone: ESTALE has it look the name up again.
  var isOutOfDate: Bool { forgotten?.isFinished == false }

  /// Whether a listing shows another content of a file that a program has open, which is to be taken over together with its
  /// bytes: a size without them would show a part of one content, or zeros behind the other.
  func comesWithContent(_ entry: FileEntry) -> Bool {
    guard handles > 0, buffer == nil, !isLocal, !isDetached, let size, let newSize = entry.size,
      max(size, newSize) <= ContentCache.wholeLimit
    else { return false }
    let new = FileVersion(entry)
    if let unlisted { return !unlisted.isShown(by: new, asMade: listed) }
    return !new.isSameContent(as: listed)
  }

  /// Takes over what a listing tells. Returns what the kernel has to forget: nothing (nil), attributes (false), or
  /// pages too (true).
  mutating func adopt(_ entry: FileEntry, at now: Timestamp) -> Bool? {
    let new = FileVersion(entry)
    let old = listed
    isLocal = false
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
      self.buffer = nil
    }
    if isOwn {
      if let time = new.modified, !unsentAttributes.hasTime { modified = Timestamp(time) }
      // Where somebody else may have come right behind it, the bytes are asked for again.
      guard handles == 0, own?.isDoubtful(new) ?? false else { return false }
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
