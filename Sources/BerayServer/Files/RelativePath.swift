/// A path beneath a work directory as a request named it: no component is `..`, and none leaves the directory by itself.
///
/// What symbolic links do is not seen here: see ``WorkDirectory/open(_:flags:)``.
struct RelativePath: Hashable, Sendable {
  var components: [String]

  static let root = RelativePath(components: [])

  init(components: [String]) { self.components = components }

  /// Reads a request's path. `.` and empty components count for nothing.
  init(_ text: String) throws(HTTPFailure) {
    guard !text.utf8.contains(0) else { throw .badRequest("The path holds a NUL byte") }
    guard !text.hasPrefix("/") else { throw .badRequest("The path must be relative to the work directory: \(text)") }
    components = text.split(separator: "/").map(String.init).filter { $0 != "." }
    guard !components.contains("..") else { throw .badRequest("The path leaves the work directory: \(text)") }
    guard !components.contains(where: { $0.utf8.count > 255 }), text.utf8.count < 4096 else {
      throw .badRequest("The path is too long")
    }
  }

  var isRoot: Bool { components.isEmpty }
  var name: String { components.last ?? "." }
  var parent: RelativePath { RelativePath(components: Array(components.dropLast())) }
  /// The path as text; `.` for the work directory itself.
  var text: String { isRoot ? "." : components.joined(separator: "/") }

  func appending(_ name: String) -> RelativePath { RelativePath(components: components + [name]) }
}
