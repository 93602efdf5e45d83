import CFuse
import Synchronization

/// The version of this program.
enum Version {
  /// A version by semver.org. It covers the SDK, `--json`, exit statuses, the tree, and the server's API.
  static let number = "0.2.0"

  /// The commit that the program was built from, if it is known. Set once at the start.
  static let commit = Mutex<String?>(nil)

  /// The version of the libfuse that is loaded.
  static var libfuse: String { fuse_pkgversion().map { String(cString: $0) } ?? "unknown" }

  /// Such as `0.1.0 (commit 0123456789ab, libfuse 3.14.0)`.
  static var text: String {
    let commit = commit.withLock { $0 }
    return "\(number) (\(commit.map { "commit \($0), " } ?? "")libfuse \(libfuse))"
  }
}
