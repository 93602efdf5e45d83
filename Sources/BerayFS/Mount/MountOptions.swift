package import Beray

/// How a mount behaves.
package struct MountOptions: Sendable {
  /// Who owns everything in the mount.
  package var user: UInt32
  package var group: UInt32
  /// The permission bits that group and others lack of those that the owner has; nil: modes are shown as they are.
  package var umask: UInt16?
  /// The limit of the in-memory cache of file contents, in bytes.
  package var cacheSize: Int
  /// How old what is opened or listed may be; nil: 1 s while the task runs, and 30 s once it has ended. Zero asks at
  /// every open.
  package var freshness: Duration?
  /// Further patterns (fnmatch) of names that tools use on the way to a save, which are held back from a server that
  /// cannot rename.
  package var scratchPatterns: [String]
  /// Whether mkdir at the root makes a task.
  package var allowsMkdir: Bool
  /// Whether a program that removes all files of an ended task, one by one, deletes it.
  package var rmDeletes = false
  /// The server, as it is shown in `.beray/status.json`.
  package var serverName: String
  /// Names who works on the tasks, if known; nil if not.
  package var agent: @Sendable () -> String? = { nil }
  /// A sentence for the guide about who works on the tasks.
  package var agentAdvice: String?
  /// Where the files that could not be uploaded are saved at unmount.
  package var rescueDirectory: String
  /// Where large files spill to; must not be beneath the mountpoint.
  package var spillDirectory: String
  /// The client's deadlines, which also bound what a program waits for.
  package var timeouts: Timeouts

  package init(
    user: UInt32, group: UInt32, serverName: String, rescueDirectory: String, spillDirectory: String,
    cacheSize: Int = 256 << 20, freshness: Duration? = nil, scratchPatterns: [String] = [], allowsMkdir: Bool = true,
    timeouts: Timeouts = Timeouts()
  ) {
    self.user = user
    self.group = group
    self.serverName = serverName
    self.rescueDirectory = rescueDirectory
    self.spillDirectory = spillDirectory
    self.cacheSize = cacheSize
    self.freshness = freshness
    self.scratchPatterns = scratchPatterns
    self.allowsMkdir = allowsMkdir
    self.timeouts = timeouts
  }

  /// The permissions that are shown for `permissions`.
  func shown(_ permissions: UInt16) -> UInt16 {
    guard let umask else { return permissions }
    return (permissions >> 6 & 0o7) * 0o111 & ~umask
  }

  /// How old what is shown of a task may be.
  func window(finished: Bool) -> Duration {
    freshness ?? (finished ? .seconds(30) : .seconds(1))
  }
}
