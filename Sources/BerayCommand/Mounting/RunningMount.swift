import BerayAPI
import Glibc
import SystemPackage

/// A mount of this user whose process lives, found by its record.
final class RunningMount: Sendable {
  let fields: MountRecord.Fields
  private let descriptor: Int32

  private init(fields: MountRecord.Fields, descriptor: Int32) {
    self.fields = fields
    self.descriptor = descriptor
  }

  deinit { close(descriptor) }

  /// All running mounts. Removes the records of dead processes.
  static func all(in directory: FilePath) -> [RunningMount] {
    guard let stream = opendir(directory.string) else { return [] }
    defer { closedir(stream) }
    var found: [RunningMount] = []
    while let entry = readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name.0) { String(cString: $0) }
      guard name.hasSuffix(".json") else { continue }
      let path = directory.appending(name)
      let descriptor = open(path.string, O_RDWR | O_CLOEXEC)
      guard descriptor >= 0 else { continue }
      if flock(descriptor, LOCK_EX | LOCK_NB) == 0 {
        // A process that is about to lock this file notices that it is gone, and makes another.
        unlink(path.string)
        close(descriptor)
      } else if let fields = read(descriptor) {
        found.append(RunningMount(fields: fields, descriptor: descriptor))
      } else {
        close(descriptor)
      }
    }
    return found
  }

  /// The last state that the process wrote, even if it has ended.
  var lastWords: MountRecord.Fields? { Self.read(descriptor) }

  private static func read(_ descriptor: Int32) -> MountRecord.Fields? {
    var bytes = [UInt8](repeating: 0, count: 64 << 10)
    let count = pread(descriptor, &bytes, bytes.count, 0)
    guard count > 0, let json = try? JSON(parsing: bytes[..<count]) else { return nil }
    return MountRecord.Fields(json)
  }
}
