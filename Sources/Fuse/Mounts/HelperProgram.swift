import Glibc
import LinuxSystem
import SystemPackage

/// A system program with privileges that this process lacks.
struct HelperProgram: Sendable {
  /// The setuid program that mounts and unmounts for users other than root.
  static let fusermount = HelperProgram(name: "fusermount3")

  let name: String

  /// The path of the program: the first found in the directories of `PATH`, then in `/usr/bin` and `/bin`.
  var path: String? {
    let directories = ProcessEnvironment.current()["PATH"] ?? ""
    return ProgramPath.of(name, in: directories.split(separator: ":") + ["/usr/bin", "/bin"])
  }

  /// How long it may take. It only makes a system call, so this is ample.
  private static let deadline = Duration.seconds(10)

  /// Runs the program to its end with empty input, and kills it if it hangs.
  /// - Returns: Its standard output and standard error.
  func run(_ arguments: [String]) throws(Errno) -> String {
    guard let path else { throw .noSuchFileOrDirectory }
    let run = try ProgramRun(
      Spawn(executable: path, arguments: [path] + arguments), includesErrors: true, timeout: Self.deadline)
    if run.status == nil { return "\(name) did not end within \(Self.deadline)" }
    return String(decoding: run.output, as: UTF8.self)
  }
}
