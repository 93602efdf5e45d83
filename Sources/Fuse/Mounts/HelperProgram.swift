import Glibc
import LinuxSystem
import SystemPackage

/// A program of the system that does what only it may do.
struct HelperProgram: Sendable {
  /// The setuid helper that mounts and unmounts for those who are not root.
  static let fusermount = HelperProgram(name: "fusermount3")

  let name: String

  /// Where it is found: in the directories of `PATH`, then where Debian puts it.
  var path: String? {
    let directories = getenv("PATH").map { String(cString: $0) } ?? ""
    return (directories.split(separator: ":") + ["/usr/bin", "/bin"])
      .map { "\($0)/\(name)" }
      .first { access($0, X_OK) == 0 }
  }

  /// How long it may take: it only asks the kernel for something.
  private static let deadline = Duration.seconds(10)

  /// Runs it to its end, with nothing to read. One that hangs is killed.
  /// - Returns: What it said on standard output and standard error.
  func run(_ arguments: [String]) throws(Errno) -> String {
    guard let path else { throw .noSuchFileOrDirectory }
    let run = try ProgramRun(
      Spawn(executable: path, arguments: [path] + arguments), includesErrors: true, timeout: Self.deadline)
    if run.status == nil { return "\(name) did not end within \(Self.deadline)" }
    return String(decoding: run.output, as: UTF8.self)
  }
}
