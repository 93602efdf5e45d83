/// What an upload is for: the file operation that needs it, as `.beray/errors` tells it.
enum UploadReason: String, Sendable {
  case close, fsync, release, retry, unmount, rename, truncate

  /// Whether it must not replace somebody else's version, because no program is closing the file now.
  var yields: Bool { self == .retry || self == .unmount }
}
