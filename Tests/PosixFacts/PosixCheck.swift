/// A command that exits with 0 if something that holds of every POSIX file system holds of its working directory.
public struct PosixCheck: Sendable, CustomStringConvertible {
  public let name: String
  public let arguments: [String]

  public var description: String { name }

  /// Everything that is known.
  /// - Parameter program: the path of `posix-facts`.
  public static func all(program: String) -> [PosixCheck] {
    PosixFact.all.map { PosixCheck(name: $0.name, arguments: [program, $0.name]) }
      + PosixScript.all.map { PosixCheck(name: $0.name, arguments: $0.arguments) }
  }
}
