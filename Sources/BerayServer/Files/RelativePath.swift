/// A path in a request, relative to the work directory. It has no `..`, so it cannot leave the directory by itself.
///
/// It is split by bytes, as the kernel does. Swift's `Character` would treat a slash followed by a combining mark as
/// something other than a slash, and names that differ only in Unicode normalization as equal.
/// Symbolic links are not resolved here: see ``AgentDirectory/open(_:flags:)``.
struct RelativePath: Sendable {
  var components: [EntryName]

  static let root = RelativePath(components: [])
  private static let slash = UInt8(ascii: "/")

  init(components: [EntryName]) { self.components = components }

  /// Parses the path of a request. Ignores `.` and empty components.
  init(_ text: String) throws(HTTPFailure) {
    guard !text.utf8.contains(0) else { throw .badRequest("The path holds a NUL byte") }
    guard text.utf8.first != Self.slash else {
      throw .badRequest("The path must be relative to the work directory: \(text)")
    }
    let parts = text.utf8.split(separator: Self.slash).filter { !$0.elementsEqual(".".utf8) }
    guard !parts.contains(where: { $0.elementsEqual("..".utf8) }) else {
      throw .badRequest("The path leaves the work directory: \(text)")
    }
    guard text.utf8.count < 4096 else { throw .tooLong("The path is too long") }
    components = []
    for part in parts {
      guard let name = EntryName(text: String(decoding: part, as: UTF8.self)) else {
        throw .badRequest("No file has such a name: \(text)")
      }
      guard name.bytes.count <= 256 else { throw .tooLong("The path is too long") }
      components.append(name)
    }
  }

  /// Parses a path from the kernel, without a NUL byte at its end.
  init(kernel bytes: some Collection<UInt8>) {
    components = bytes.split(separator: Self.slash).map { part in
      EntryName(kernel: part.map(CChar.init(bitPattern:)) + [0])
    }
  }

  var isRoot: Bool { components.isEmpty }
  /// The bytes of the last component, with a NUL byte at the end; `.` for the work directory itself.
  var name: [CChar] { components.last?.bytes ?? [46, 0] }
  var parent: RelativePath { RelativePath(components: Array(components.dropLast())) }
  /// The path as text; `.` for the work directory itself.
  var text: String { isRoot ? "." : components.map(\.text).joined(separator: "/") }
  /// The bytes of the path, with a NUL byte at the end.
  var bytes: [CChar] {
    guard !isRoot else { return name }
    return Array(components.map { $0.bytes.dropLast() }.joined(separator: [CChar(bitPattern: Self.slash)])) + [0]
  }

  func appending(_ name: EntryName) -> RelativePath { RelativePath(components: components + [name]) }

  /// Whether ``name`` is an ordinary name in ``parent``: not empty, `.` or `..`, and without a slash.
  var hasEntryName: Bool {
    guard let name = components.last?.bytes.dropLast() else { return false }
    return !name.isEmpty && !name.contains(CChar(bitPattern: Self.slash)) && Array(name) != [46]
      && Array(name) != [46, 46]
  }
}
