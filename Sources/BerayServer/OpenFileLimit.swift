internal import Glibc

/// How many files and connections the process may have open at once (getrlimit(2), RLIMIT_NOFILE).
enum OpenFileLimit {
  /// No more than this is asked for, lest an agent that walks all possible descriptors takes for ever.
  private static let wanted: rlim_t = 65_536

  /// Raises the limit as far as the system lets it, and tells what it is then.
  static func raise() -> Int {
    let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    var limit = rlimit()
    guard getrlimit(resource, &limit) == 0 else { return 1024 }
    let present = limit.rlim_cur
    limit.rlim_cur = max(present, min(limit.rlim_max, wanted))
    return Int(clamping: setrlimit(resource, &limit) == 0 ? limit.rlim_cur : present)
  }
}
