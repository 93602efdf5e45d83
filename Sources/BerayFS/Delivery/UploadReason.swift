/// What an upload is for: the file operation that needs it, as `.beray/errors` tells it.
enum UploadReason: String, Sendable {
  case close, fsync, release, retry, unmount, rename, truncate

  /// Whether it replaces no version of somebody else, for no program closes the file just now.
  var yields: Bool { self == .retry || self == .unmount }
}
