/// A feature that older versions of the kernel or of libfuse lack.
struct Lack {
  /// The first version with the feature.
  let since: [Int]
  /// What happens without it.
  let effect: String

  /// Sources: the protocol history in include/uapi/linux/fuse.h, and the first kernel with each protocol version.
  static let ofKernel = [
    Lack(since: [4, 20], effect: "each listing of a directory asks the daemon again"),
    Lack(since: [5, 16], effect: "each close of a file that was only read asks the daemon"),
    Lack(since: [6, 2], effect: "a name that changes on the server is dropped at once, not asked for again"),
  ]

  /// Sources: libfuse's ChangeLog.rst, and lib/fuse_lowlevel.c of each version.
  static let ofLibfuse = [
    Lack(since: [3, 17, 1], effect: "lookups of new names in one directory wait for one another")
  ]

  /// Lists what `version` lacks. Warns if it is older than `tested`.
  static func finding(_ name: String, _ version: String, of all: [Lack], tested: [Int]) -> Finding {
    let numbers = version.prefix { $0.isNumber || $0 == "." }.split(separator: ".").compactMap { Int($0) }
    let lacks = all.filter { !numbers.isEmpty && numbers.lexicographicallyPrecedes($0.since) }
    let what = ([version] + lacks.map { "before \(text($0.since)) \($0.effect)" }).joined(separator: "; ")
    guard !numbers.isEmpty, numbers.lexicographicallyPrecedes(tested) else { return .pass(name, what) }
    return .warn(name, what, "mounts are tested with \(name) \(text(tested)) and later: take a newer release")
  }

  private static func text(_ numbers: [Int]) -> String { numbers.map(String.init).joined(separator: ".") }
}
