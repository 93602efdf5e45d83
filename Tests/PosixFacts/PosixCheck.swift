/// A command that exits with 0 if something that holds of every POSIX file system holds of its working directory.
package struct PosixCheck: Sendable, CustomStringConvertible {
  package let name: String
  package let arguments: [String]

  package var description: String { name }

  /// Everything that is known.
  /// - Parameter program: the path of `posix-facts`.
  package static func all(program: String) -> [PosixCheck] {
    PosixFact.all.map { PosixCheck(name: $0.name, arguments: [program, $0.name]) }
      + PosixScript.all.map { PosixCheck(name: $0.name, arguments: $0.arguments) }
  }
}
