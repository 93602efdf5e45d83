#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// Divides the process's limit of open files (getrlimit(2), `RLIMIT_NOFILE`).
///
/// Some descriptors must stay free at all times: libdispatch traps if it cannot open a file in `/proc`.
package enum DescriptorBudget {
  /// The descriptors reserved for everything but connections and temporary files.
  private static let reserve = 32

  /// The most connections, and the most temporary files, at one time: half of the unreserved descriptors each.
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
