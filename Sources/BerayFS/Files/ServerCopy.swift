import Beray
import BerayAPI
import VFS

/// What this mount knows of a file on the server. Its events say what was learned, and from what.
struct ServerCopy: Sendable {
  /// The version that the server told of last.
  private(set) var listed: FileVersion
  /// The version that this mount made and no listing has shown yet. The first one that does tells how the server
  /// presents it.
  private(set) var unlisted: OwnVersion?
  /// What this mount uploaded last, if the server did not tell which version that is.
  private(set) var sent: ContentDigest?
  /// Whether the server's content was written here, all of it.
  private(set) var isMadeHere = false
  /// If listings tell no versions: when the content was last asked for, by ``TimeSource/uptime``.
  private(set) var checked: Duration?
  /// The entity tag of the content that was read last.
  private(set) var contentTag: String?

  init(_ listed: FileVersion) { self.listed = listed }

  // MARK: - Answers

  /// The content was asked for at `uptime`, and is known.
  mutating func wasAsked(at uptime: Duration) { checked = uptime }

  /// An answer of that time has the content with `tag`.
  mutating func wasRead(_ tag: String?, at uptime: Duration) {
    contentTag = tag
    checked = uptime
  }

  /// The content comes with `tag`.
  mutating func contentComes(with tag: String?) { contentTag = tag }

  /// What was read before is not the content any more.
  mutating func contentChanged() {
    contentTag = nil
    checked = nil
  }

  /// An answer shows a version of others before a listing does. A listing that tells another size is then news.
  mutating func showsOther(_ tag: String?, size: Int64?) {
    if let tag, listed.etag != nil { listed.etag = tag }
    if let size, listed.size != nil { listed.size = size }
  }

  /// The content is somebody else's.
  mutating func othersWrote() { isMadeHere = false }

  /// What can be asked for again is forgotten. Returns whether the size is now unknown too.
  mutating func forget() -> Bool {
    // Whether the next listing still shows what was uploaded here, nobody knows now.
    let isListed = unlisted.take() == nil
    guard !isListed || !listed.tellsContent else { return false }
    // Nor whose it is.
    isMadeHere = false
    return true
  }

  // MARK: - Listings

  /// What a listing shows, by what was known before.
  struct News {
    var old: FileVersion
    /// The version that this mount had made, if one was to be shown.
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
  mutating func tookUpload(
    _ version: FileVersion, answered: UTCTime?, digest: ContentDigest?, isWhole: Bool, at uptime: Duration
  ) {
    becomes(version, answered: answered)
    sent = digest
    isMadeHere = isMadeHere || isWhole
    wasRead(version.etag, at: uptime)
  }

  /// The same content is shown as another version from now on, by an answer of the server's time `answered`.
  mutating func becomes(_ version: FileVersion, answered: UTCTime?) {
    listed = version
    unlisted = OwnVersion(answered: answered)
  }

  /// The server has `version` under the file's name.
  mutating func isReplaced(by version: FileVersion) { listed = version }

  /// The server has the file that a program had hidden.
  mutating func isFound(_ hidden: HiddenFile) {
    listed = hidden.version
    unlisted = hidden.unlisted
    isMadeHere = hidden.isStepOfASave
  }

  /// The server has nothing of it.
  mutating func hasNothing() { unlisted = nil }
}
