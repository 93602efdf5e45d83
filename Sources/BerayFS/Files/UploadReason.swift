/// What an upload is for: the file operation that needs it, as `.beray/errors` tells it.
enum UploadReason: String, Sendable {
  case close, fsync, release, retry, unmount, rename, truncate

  /// Whether what the server has is looked at first. A retry has done so; a rename and the end of a mount wait for
  /// nothing that they can do without.
  var looksFirst: Bool {
    switch self {
    case .close, .fsync, .release, .truncate: true
    case .retry, .unmount, .rename: false
    }
  }
}
