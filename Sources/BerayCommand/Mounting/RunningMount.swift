import BerayAPI
import Glibc
import LinuxSystem
import SystemPackage

/// A mount of this user whose process lives, found by its record.
final class RunningMount: Sendable {
  let fields: MountRecord.Fields
  private let file: Descriptor

  private init(fields: MountRecord.Fields, file: consuming Descriptor) {
    self.fields = fields
    self.file = file
  }

  /// All running mounts. Removes the records of dead processes.
  static func all(in directory: FilePath) -> [RunningMount] {
    var found: [RunningMount] = []
    for name in (try? Directory.names(in: directory)) ?? [] where name.hasSuffix(".json") {
      let path = directory.appending(name)
      guard let file = try? Descriptor.open(path: path.string, flags: O_RDWR) else { continue }
      if (try? file.tryLock()) == true {
        // A process that is about to lock this file notices that it is gone, and makes another.
        unlink(path.string)
      } else if let fields = read(file) {
        found.append(RunningMount(fields: fields, file: file))
      }
    }
    return found
  }

  /// The last state that the process wrote, even if it has ended.
  var lastWords: MountRecord.Fields? { Self.read(file) }

  private static func read(_ file: borrowing Descriptor) -> MountRecord.Fields? {
    guard let bytes = try? file.read(at: 0, count: 64 << 10), let json = try? JSON(parsing: bytes) else { return nil }
    return MountRecord.Fields(json)
  }
}
