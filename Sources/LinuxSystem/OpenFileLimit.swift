internal import Glibc
internal import Synchronization

/// How many files this process may open (`RLIMIT_NOFILE` of getrlimit(2)).
///
/// The soft limit is 1,024 almost everywhere, for the sake of programs that use select(2). A mount or a server with
/// many connections needs more, and raises it to the hard limit. Programs that it starts get the original limit.
package enum OpenFileLimit {
  /// The limit that this process began with; nil until it is raised.
  private static let original = Mutex<rlimit?>(nil)

  /// Raises the soft limit to the hard limit, and returns the new soft limit.
  @discardableResult
  package static func raise() -> Int {
    original.withLock { original in
      if original == nil, let limit = current, limit.rlim_cur < limit.rlim_max {
        original = limit
        set(rlimit(rlim_cur: limit.rlim_max, rlim_max: limit.rlim_max))
      }
      return current.map { Int(clamping: $0.rlim_cur) } ?? 1024
    }
  }

  /// Runs `start`, which starts a process, with the limit that this process began with. Open files stay open.
  package static func withOriginal<Result>(_ start: () -> Result) -> Result {
    original.withLock { original in
      guard let original, let raised = current else { return start() }
      set(rlimit(rlim_cur: original.rlim_cur, rlim_max: raised.rlim_max))
      defer { set(raised) }
      return start()
    }
  }

  private static var current: rlimit? {
    var limit = rlimit()
    return getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 ? limit : nil
  }

  private static func set(_ limit: rlimit) {
    var limit = limit
    setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
  }
}
