import SystemPackage
import VFS
import Waiting

/// The content that a file had before others changed it, while the kernel still works with its size.
///
/// The kernel cuts what it reads at the size that it knows, and fills a shorter answer with zeros. So its reads get this
/// content, as long as memory has it, until the kernel is told the new size. The kernel ignores attributes that it asked
/// for before it got a notice about the file. So it is told the former attributes until the notice is sent.
struct FormerContent: Sendable {
  /// The version whose size the kernel has.
  private(set) var version: FileReader.Version
  /// The modification time that the kernel has.
  let modified: Timestamp
  /// When the notice was queued, by ``TimeSource/uptime``.
  private var since: Duration = .zero
  /// Ends once the kernel has the notice; nil if none was sent.
  private(set) var notice: Flight<Void, Errno>?

  /// A read in progress delays the notice. The new attributes wait no longer than this.
  private static let patience = Duration.seconds(1)
  /// A program that maps the file never asks for attributes. It gets the former content no longer than this.
  private static let limit = Duration.seconds(10)

  init(_ version: FileReader.Version, modified: Timestamp) {
    self.version = version
    self.modified = modified
  }

  /// Others changed the file again before the kernel was told of `present`. Reads may have got that one if its size is the
  /// one that the kernel knows.
  mutating func changesAgain(from present: FileReader.Version) {
    if present.size == version.size { version = present }
  }

  /// A notice is on its way to the kernel, and finishes `notice` when it arrives.
  mutating func announces(_ notice: Flight<Void, Errno>, at uptime: Duration) {
    if self.notice?.isFinished ?? true { since = uptime }
    self.notice = notice
  }

  /// Whether the kernel accepts new attributes.
  func isOver(at uptime: Duration) -> Bool {
    notice.map { $0.isFinished || uptime - since >= Self.patience } ?? true
  }

  /// Whether reads still get this content.
  func isRead(at uptime: Duration) -> Bool { notice.map { _ in uptime - since < Self.limit } ?? true }

  /// Whether the kernel drops its pages when it is told `size` and `modified`.
  func differs(fromSize size: Int64?, modified: Timestamp) -> Bool {
    size != version.size || modified != self.modified
  }
}
