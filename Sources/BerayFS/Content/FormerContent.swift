import SystemPackage
import VFS
import Waiting

/// The content that a file had before others changed it, while the kernel still has its size.
///
/// The kernel cuts what it reads at the size that it knows, and fills a short answer with zeros up to it. So its reads get
/// this content as long as memory has it, and those of the new one begin once the new size is told. Attributes that the
/// kernel asked for before a notice about the file came do not count for it: until the notice is sent, the former ones are
/// told.
struct FormerContent: Sendable {
  /// The version whose size the kernel has.
  private(set) var version: FileReader.Version
  /// The modification time that the kernel has.
  let modified: Timestamp
  /// When the notice was queued, by ``TimeSource/uptime``.
  private var since: Duration = .zero
  /// Ends once the kernel has the notice; nil: it needs none.
  private(set) var notice: Flight<Void, Errno>?

  /// How long a read in the way of the notice may keep the new attributes back.
  private static let patience = Duration.seconds(1)
  /// How long a program that never asks for attributes, as one that maps the file, gets the former content.
  private static let limit = Duration.seconds(10)

  init(_ version: FileReader.Version, modified: Timestamp) {
    self.version = version
    self.modified = modified
  }

  /// Others changed the file again, from a `present` content that nobody was told of. One of the same size was read.
  mutating func changesAgain(from present: FileReader.Version) {
    if present.size == version.size { version = present }
  }

  /// `notice` is on its way.
  mutating func announces(_ notice: Flight<Void, Errno>, at uptime: Duration) {
    if self.notice?.isFinished ?? true { since = uptime }
    self.notice = notice
  }

  /// Whether the kernel takes new attributes for what they are.
  func isOver(at uptime: Duration) -> Bool {
    notice.map { $0.isFinished || uptime - since >= Self.patience } ?? true
  }

  /// Whether reads still get it.
  func isRead(at uptime: Duration) -> Bool { notice.map { _ in uptime - since < Self.limit } ?? true }

  /// Whether attributes of `size` and `modified` are others than the kernel has, so that it drops its pages for them.
  func differs(fromSize size: Int64?, modified: Timestamp) -> Bool {
    size != version.size || modified != self.modified
  }
}
