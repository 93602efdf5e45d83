import Foundation
import SystemPackage

@testable import BerayCommand

/// A directory of a test's own, with a home and XDG directories, removed with its last reference.
final class Scratch: Sendable {
  let path: FilePath

  init() {
    // Short: a socket's path has room for 107 bytes.
    path = FilePath("/tmp/command-\(UInt32.random(in: .min ... .max))")
    for name in ["", "run", "home"] {
      try? FileManager.default.createDirectory(
        atPath: path.appending(name).string, withIntermediateDirectories: true,
        attributes: [.posixPermissions: 0o700])
    }
  }

  deinit { try? FileManager.default.removeItem(atPath: path.string) }

  var environment: [String: String] {
    [
      "HOME": path.appending("home").string, "XDG_RUNTIME_DIR": path.appending("run").string,
      "PATH": "/usr/local/bin:/usr/bin:/bin",
    ]
  }

  var paths: Paths {
    // Its variables name every directory.
    guard let paths = try? Paths(environment: environment) else { preconditionFailure("no home in \(environment)") }
    return paths
  }

  func write(_ text: String, to file: FilePath, mode: Int = 0o600) throws {
    try FileManager.default.createDirectory(
      atPath: file.removingLastComponent().string, withIntermediateDirectories: true,
      attributes: [.posixPermissions: 0o700])
    try Data(text.utf8).write(to: URL(fileURLWithPath: file.string))
    try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: file.string)
  }

  func chmod(_ file: FilePath, _ mode: Int) throws {
    try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: file.string)
  }

  func mode(of file: FilePath) throws -> Int {
    try FileManager.default.attributesOfItem(atPath: file.string)[.posixPermissions] as? Int ?? 0
  }
}
