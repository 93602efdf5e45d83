/// Where a symbolic link may point.
enum LinkTarget {
  /// Whether `target`, in a link whose directory lies `depth` directories beneath `files/`, is relative and stays
  /// beneath `files/`.
  ///
  /// The path is only counted: `..` is taken to lead up one directory. A link on the way can lead elsewhere, but each
  /// link that is shown was
  /// itself found to stay inside.
  static func staysInside(_ target: String, depth: Int) -> Bool {
    guard !target.isEmpty, !target.utf8.contains(0), target.utf8.first != UInt8(ascii: "/") else { return false }
    var level = depth
    for component in target.split(separator: "/") {
      switch component {
      case ".": continue
      case "..":
        level -= 1
        if level < 0 { return false }
      default: level += 1
      }
    }
    return true
  }
}
