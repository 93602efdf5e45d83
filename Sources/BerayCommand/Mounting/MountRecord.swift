import BerayAPI
import Glibc
import LinuxSystem
import Synchronization
import SystemPackage

/// The record of a running mount, for other commands of this user. It is a file in the state directory. The mount's
/// process keeps it locked as long as it lives.
///
/// The lock shows whether the process lives. A process id cannot, because another process may have it by then.
final class MountRecord: Sendable {
  struct Fields: Hashable, Sendable {
    var mountpoint: String
    var server: String
    var process: pid_t
    var log: String?
    /// The version of the program that serves it, such as ``Version/text``. Nil before version 0.2.
    var version: String?
    /// Set at the end: files that could not be uploaded, and where they are saved.
    var rescued: [String]?
    /// Set at the end: changes that are neither on the server nor saved, one line each.
    var losses: [String]?
  }

  private let descriptor: Descriptor
  private let path: FilePath
  private let fields: Mutex<Fields>

  /// Writes the record of this process and locks it.
  init(_ fields: Fields, in directory: FilePath) throws(CommandError) {
    try PrivateDirectory.make(directory.removingLastComponent())
    try PrivateDirectory.make(directory)
    path = directory.appending("\(fields.process).json")
    self.fields = Mutex(fields)
    descriptor = try Self.lockedFile(path)
    write(fields)
  }

  /// Makes an empty, locked file at `path`. Between open(2) and flock(2), another command may remove the unlocked file.
  /// Then this tries again.
  private static func lockedFile(_ path: FilePath) throws(CommandError) -> Descriptor {
    while true {
      let file = try emptyFile(path)
      do throws(Errno) { try file.lock() } catch {
        throw .system("lock \(path)", error.rawValue)
      }
      if let locked = FileStatus(of: file.rawValue), let found = FileStatus(of: path), locked.isSame(as: found) {
        return file
      }
    }
  }

  private static func emptyFile(_ path: FilePath) throws(CommandError) -> Descriptor {
    do throws(Errno) {
      return try Descriptor.open(path: path.string, flags: O_RDWR | O_CREAT | O_TRUNC, mode: 0o600)
    } catch {
      throw .system("write \(path)", error.rawValue)
    }
  }

  deinit { unlink(path.string) }

  /// Records how the mount ended. The command that ends the mount reads this once the process is gone.
  func end(rescued: [String], losses: [String]) {
    write(
      fields.withLock { fields in
        fields.rescued = rescued
        fields.losses = losses
        return fields
      })
  }

  private func write(_ fields: Fields) {
    ftruncate(descriptor.rawValue, 0)
    try? descriptor.writeAll(fields.json.serializedBytes(), at: 0)
  }
}

extension MountRecord.Fields {
  var json: JSON {
    var members: [JSON.Member] = [
      .init("mountpoint", .string(mountpoint)), .init("server", .string(server)), .init("pid", JSON(process)),
    ]
    if let log { members.append(.init("log", .string(log))) }
    if let version { members.append(.init("version", .string(version))) }
    if let rescued { members.append(.init("rescued", .array(rescued.map { .string($0) }))) }
    if let losses { members.append(.init("losses", .array(losses.map { .string($0) }))) }
    return .object(members)
  }

  init?(_ json: JSON) {
    guard let mountpoint = json["mountpoint"]?.stringValue, let process = json["pid"]?.intValue else { return nil }
    self.mountpoint = mountpoint
    self.process = pid_t(truncatingIfNeeded: process)
    server = json["server"]?.stringValue ?? ""
    log = json["log"]?.stringValue
    version = json["version"]?.stringValue
    rescued = json["rescued"]?.arrayValue?.compactMap(\.stringValue)
    losses = json["losses"]?.arrayValue?.compactMap(\.stringValue)
  }
}
