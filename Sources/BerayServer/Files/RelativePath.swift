/// A path beneath a work directory as a request named it: no component is `..`, and none leaves the directory by itself.
///
/// It is taken apart by its bytes, as the kernel does: to Swift, a slash with a combining mark behind it is one character
/// and no slash, and two names that differ in their Unicode normalization are equal.
/// What symbolic links do is not seen here: see ``WorkDirectory/open(_:flags:)``.
struct RelativePath: Sendable {
  var components: [String]

  static let root = RelativePath(components: [])
  private static let slash = UInt8(ascii: "/")

  init(components: [String]) { self.components = components }

  /// Reads a request's path. `.` and empty components count for nothing.
  init(_ text: String) throws(HTTPFailure) {
    guard !text.utf8.contains(0) else { throw .badRequest("The path holds a NUL byte") }
    guard text.utf8.first != Self.slash else {
      throw .badRequest("The path must be relative to the work directory: \(text)")
    }
    let parts = text.utf8.split(separator: Self.slash).filter { !$0.elementsEqual(".".utf8) }
    guard !parts.contains(where: { $0.elementsEqual("..".utf8) }) else {
      throw .badRequest("The path leaves the work directory: \(text)")
    }
    guard !parts.contains(where: { $0.count > 255 }), text.utf8.count < 4096 else {
      throw .tooLong("The path is too long")
    }
    components = parts.map { String(decoding: $0, as: UTF8.self) }
  }

  var isRoot: Bool { components.isEmpty }
  var name: String { components.last ?? "." }
  var parent: RelativePath { RelativePath(components: Array(components.dropLast())) }
  /// The path as text; `.` for the work directory itself.
  var text: String { isRoot ? "." : components.joined(separator: "/") }
  /// The path as the kernel tells paths apart.
  var bytes: [UInt8] { Array(text.utf8) }

  func appending(_ name: String) -> RelativePath { RelativePath(components: components + [name]) }

  /// Whether ``name`` is the name of an entry of ``parent``, and leads nowhere else.
  var hasEntryName: Bool {
    let name = name.utf8
    return !name.isEmpty && !name.contains(Self.slash) && !name.elementsEqual(".".utf8)
      && !name.elementsEqual("..".utf8)
  }
}
