#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// How the open files that a process may have are shared out (getrlimit(2), `RLIMIT_NOFILE`).
///
/// Some have to be free at all times: libdispatch ends a process that cannot open a file of `/proc`.
package enum DescriptorBudget {
  /// What is left to everything that is neither a connection nor a temporary file.
  private static let reserve = 32

  /// How many connections, or temporary files, there may be at one time: half of what is not reserved.
  package static var share: Int {
    var limit = rlimit()
    #if canImport(Glibc)
    let isKnown = getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0
    #else
    let isKnown = getrlimit(RLIMIT_NOFILE, &limit) == 0
    #endif
    guard isKnown else { return 512 }
    return max(4, (Int(clamping: limit.rlim_cur) - reserve) / 2)
  }
}
