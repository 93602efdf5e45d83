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
  let version: FileReader.Version
  let modified: Timestamp
  /// When the content changed, by ``TimeSource/uptime``.
  var since: Duration = .zero
  /// Ends once the kernel has the notice of the change; nil: it needs none.
  var notice: Flight<Void, Errno>?

  /// How long a read in the way of the notice may keep the new attributes back.
  private static let patience = Duration.seconds(1)

  /// Whether the kernel takes the new attributes for what they are.
  func isOver(at uptime: Duration) -> Bool {
    notice.map { $0.isFinished || uptime - since >= Self.patience } ?? true
  }
}
