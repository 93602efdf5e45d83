import ArgumentParser
import LinuxSystem
import SystemPackage

/// How a background mount was started, so that it can be started again.
struct MountStart {
  /// The command's arguments, without the program's name.
  let arguments: [String]
  let environment: [String: String]
  let log: FilePath

  /// Reads the command line and the environment from proc(5).
  /// - Throws: ``CommandError`` if they cannot be read, or the mount cannot be started again in the same way.
  init(of process: Int32) throws(CommandError) {
    let words = ProcessFile.words("/proc/\(process)/cmdline")
    guard words.count > 1 else {
      throw CommandError(
        "nothing tells how process \(process) was started", advice: "run this as the user of the mount")
    }
    arguments = Array(words.dropFirst())
    guard let index = arguments.firstIndex(of: "--log-file"), arguments.contains("--ready-fd"),
      index + 1 < arguments.count
    else {
      throw CommandError(
        "the mount is in the foreground, where something else watches it",
        advice: "end process \(process) and start it as before; under systemd, run: systemctl --user restart UNIT")
    }
    log = FilePath(arguments[index + 1])
    environment = ProcessEnvironment.of(process)
    guard !arguments.contains("/dev/stdin"), environment["BERAY_TOKEN_FILE"] != "/dev/stdin" else {
      throw CommandError(
        "the token of this mount came through a pipe, which cannot be read again",
        advice: "unmount it, and mount it again with its token")
    }
  }

  /// Checks that this version of the program understands the arguments.
  func check() throws { _ = try RootCommand.parseAsRoot(arguments) }

  /// Starts this version of the program and returns when it serves.
  func start() throws(CommandError) {
    try BackgroundProcess.start(arguments: arguments, environment: environment, log: .appending(log))
  }
}
