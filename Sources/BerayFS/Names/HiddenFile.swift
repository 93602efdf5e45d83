import VFS

/// A file that the server has and whose name is not shown.
struct HiddenFile: Sendable {
  enum Reason: Sendable {
    /// A program moved it away, to make it anew: its bytes are here in another file. If nobody makes it, it comes back.
    /// - `changes`: those of the other file's ``WriteBuffer`` when it was moved; nil: the server had not all of them.
    case movedAway(to: InodeID, changes: UInt64?)
    /// An editor removed it, to make it anew. If nobody does, it comes back.
    case removed
    /// This mount made it, and gave it another name or removed it. The server, which could do neither, has it for good.
    case leftBehind
  }

  /// What the server has.
  var version: FileVersion
  /// Where ``version`` is what this mount made, and no listing has shown it yet.
  var unlisted: OwnVersion?
  /// When it was hidden, by ``TreeStructure/tick``.
  var since: UInt64
  var reason: Reason

  /// Whether the name belongs to a step on the way to a save, so that a file made there again is such a step too.
  var isStepOfASave: Bool {
    if case .leftBehind = reason { true } else { false }
  }

  var isMovedAway: Bool {
    if case .movedAway = reason { true } else { false }
  }

  /// The hidden file as a listing shows it that was asked for at `tick`; nil if somebody else put something there, or
  /// it is gone.
  func shown(by version: FileVersion?, askedAt tick: UInt64) -> HiddenFile? {
    guard case .leftBehind = reason, since <= tick else { return self }
    guard let version else { return nil }
    var shown = self
    if let unlisted {
      guard unlisted.isShown(by: version, asMade: self.version) else { return nil }
      shown.version = version
      shown.unlisted = nil
      return shown
    }
    return version.isSameContent(as: self.version) || version == FileVersion() ? self : nil
  }
}
