/// Where a symbolic link may point.
enum LinkTarget {
  /// Whether `target`, in a link whose directory lies `depth` directories beneath `files/`, leads nowhere but beneath
  /// `files/`, whatever other links are there.
  ///
  /// It may begin with `..` as often as there are directories above the link, and must have none after a name: a name
  /// may be a link itself, and `..` behind it then leads up from wherever that one ends. So the first steps go up
  /// directories and not links (the kernel looks `..` up in the directory in which it found the link), and stay within
  /// `files/`; each name after them is a directory, a file, or a link that keeps to the same rule, and no step leads up
  /// from there.
  static func staysInside(_ target: String, depth: Int) -> Bool {
    guard !target.isEmpty, !target.utf8.contains(0), target.utf8.first != UInt8(ascii: "/") else { return false }
    let steps = target.utf8.split(separator: UInt8(ascii: "/")).lazy.map { Array($0) }.filter { $0 != Self.here }
    let ups = steps.prefix { $0 == Self.up }.count
    return ups <= depth && !steps.dropFirst(ups).contains(Self.up)
  }

  private static let here = Array(".".utf8)
  private static let up = Array("..".utf8)
}
