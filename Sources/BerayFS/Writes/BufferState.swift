import VFS

/// What a ``WriteBuffer`` holds, and what the server has of it.
struct BufferState {
  var storage: BufferStorage
  /// What the server had when the first unsent write came; nil: nothing.
  var base: FileVersion?
  var modified: Timestamp
  /// When it was written to, cut or emptied last; no program sets it.
  var changed = Timestamp(seconds: .min)
  /// Counts writes and truncations.
  var changes: UInt64 = 0
  /// ``changes`` when the upload that the server has began.
  var uploaded: UInt64 = 0
  /// Whether the file was made or emptied by an open: to be uploaded, but not before the last close.
  var isFresh: Bool
  /// Whether nothing of ``base`` is in it.
  var isWhole: Bool
  /// Where the unsent bytes begin, where programs only appended.
  var appendedFrom: Int64? {
    didSet { append = nil }
  }
  /// The append that is under way, or whose answer was lost.
  var append: PendingAppend?
  /// Counts the opens that emptied it.
  var emptied: UInt64 = 0
  /// The last upload failed so.
  var failure: UploadFailure?
  /// Contents of failed uploads that the server may have got anyway, oldest first.
  var unanswered: [ContentDigest] = []
  var unsentSince: Timestamp
  /// The file has dropped this buffer: what is written to it now would reach nobody.
  var isRetired = false
}
