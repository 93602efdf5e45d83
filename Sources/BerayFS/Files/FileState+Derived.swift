import BerayAPI
import VFS

/// What follows from the state of a file.
extension FileState {
  /// What the kernel knows of the file and must forget.
  enum Outdated {
    case nothing, attributes, attributesAndPages
  }

  var size: Int64? { content.size }
  var generation: UInt32 { content.generation }
  var epoch: UInt32 { content.epoch }
  var former: FormerContent? { content.former }
  var source: ContentSource { content.source }

  /// What programs wrote, while the server has something else.
  var buffer: WriteBuffer? { source.buffer }

  /// Whether the server's content does not matter: there is none, or something newer is here.
  var ignoresServer: Bool { existence.isNew || existence.isGone || buffer?.isUnsent(includingEmpty: true) ?? false }

  /// Whether the file stays even if the server does not list it.
  var staysUnlisted: Bool { existence.isNew || buffer != nil }

  /// Whether programs wrote what the server may lack, or something is on its way to it.
  /// - Parameter keepsAttributes: whether the server keeps modes and times.
  func isUnfinished(keepsAttributes: Bool) -> Bool {
    if !turn.isFree { return true }
    return !existence.isGone && (buffer != nil || keepsAttributes && !attributes.unsent.isEmpty)
  }

  /// What the server has under the file's name; nil if it has nothing.
  var serverVersion: FileVersion? { existence.isNew ? nil : server.listed }

  /// When content, attributes or name changed last.
  var statusChanged: Timestamp { buffer.map { max(attributes.changed, $0.changed) } ?? attributes.changed }

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
}
