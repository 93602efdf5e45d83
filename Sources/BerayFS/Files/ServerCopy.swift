import Beray
import BerayAPI
import VFS

/// What this mount knows about a file on the server.
struct ServerCopy: Sendable {
  /// The version that the server told of last.
  private(set) var listed: FileVersion
  /// The version that this mount made, until a listing shows it. That listing tells how the server presents the version.
  private(set) var unlisted: OwnVersion?
  /// The last upload of this mount, if the server did not name the version that it made.
  private(set) var sent: ContentDigest?
  /// Whether this mount wrote the whole content that the server has.
  private(set) var isMadeHere = false
  /// If listings tell no versions: when the content was last asked for, by ``TimeSource/uptime``.
  private(set) var checked: Duration?
  /// The entity tag of the content that was read last.
  private(set) var contentTag: String?

  init(_ listed: FileVersion) { self.listed = listed }

  // MARK: - Answers

  /// The content of `uptime` is known.
  mutating func wasAsked(at uptime: Duration) { checked = uptime }

  /// An answer of that time has the content with `tag`.
  mutating func wasRead(_ tag: String?, at uptime: Duration) {
    contentTag = tag
    checked = uptime
  }

  /// The content comes with `tag`.
  mutating func contentComes(with tag: String?) { contentTag = tag }

  /// What was read before is no longer the content.
  mutating func contentChanged() {
    contentTag = nil
    checked = nil
  }

  /// An answer shows somebody else's version before a listing does. The next listing is compared with that version.
  mutating func showsOther(_ tag: String?, size: Int64?) {
    if let tag, listed.etag != nil { listed.etag = tag }
    if let size, listed.size != nil { listed.size = size }
  }

  /// The content is somebody else's.
  mutating func othersWrote() { isMadeHere = false }

  /// Forgets what the server can be asked for again. Returns whether the size is unknown now.
  mutating func forget() -> Bool {
    // The next listing may show our upload, or somebody else's version after it.
    let isListed = unlisted.take() == nil
    guard !isListed || !listed.tellsContent else { return false }
    isMadeHere = false
    return true
  }

  // MARK: - Listings

  /// What a listing shows, compared with what was known before.
  struct News {
    var old: FileVersion
    /// The version that this mount had made, if no listing had shown it before.
    var own: OwnVersion?
    /// Whether the listing shows that one.
    var isOwn: Bool
    /// Whether it shows the version that was known.
    var isSame: Bool
  }

  mutating func shows(_ new: FileVersion) -> News {
    let old = listed
    let own = unlisted.take()
    // A listing of names alone contradicts nothing.
    let isSame = new == FileVersion() || new.isSameContent(as: old)
    let isOwn = own?.isShown(by: new, asMade: old) ?? false
    listed = new
    if !isOwn, own != nil || !isSame { isMadeHere = false }
    return News(old: old, own: own, isOwn: isOwn, isSame: isSame)
  }

  // MARK: - What this mount made

  /// The server took an upload.
  /// - Parameters:
  ///   - digest: of what was sent, if the answer names no version.
  ///   - isWhole: whether programs wrote all of it here.
  ///   - isAlone: whether nothing of others stands before it.
  mutating func tookUpload(
    _ version: FileVersion, answered: UTCTime?, digest: ContentDigest?, isWhole: Bool, isAlone: Bool,
    at uptime: Duration
  ) {
    becomes(version, answered: answered)
    sent = digest
    isMadeHere = isAlone && (isMadeHere || isWhole)
    wasRead(version.etag, at: uptime)
  }

  /// The server presents the same content as another version, by an answer of the server's time `answered`.
  mutating func becomes(_ version: FileVersion, answered: UTCTime?) {
    listed = version
    unlisted = OwnVersion(answered: answered)
  }

  /// The server has `version` under the file's name.
  mutating func replace(by version: FileVersion) { listed = version }

  /// A program makes a file under a hidden name: the server still has the hidden file.
  mutating func adopt(_ hidden: HiddenFile) {
    listed = hidden.version
    unlisted = hidden.unlisted
    isMadeHere = hidden.isStepOfASave
  }

  /// The server has no such file.
  mutating func forgetUnlisted() { unlisted = nil }
}
