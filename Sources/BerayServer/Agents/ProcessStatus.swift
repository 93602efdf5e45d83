internal import Glibc

/// What the kernel tells of a process in `/proc` (proc(5)).
struct ProcessStatus: Sendable {
  /// When it started, in clock ticks since boot.
  let start: UInt64
  /// It is a zombie, or nearly gone.
  let hasEnded: Bool

  /// Nil where there is no such process.
  init?(of process: Int32) {
    guard let text = Self.bytes(of: process, "stat"), let close = text.lastIndex(of: UInt8(ascii: ")")) else {
      return nil
    }
    // After the name in parentheses, which may hold anything, the third field follows.
    let fields = text[(close + 1)...].split(separator: UInt8(ascii: " "))
    guard fields.count > 19, let start = UInt64(String(decoding: fields[19], as: UTF8.self)) else { return nil }
    self.start = start
    hasEnded = [UInt8(ascii: "Z"), UInt8(ascii: "X")].contains(fields[0].first)
  }

  /// The processes of the machine.
  static func allProcesses() -> [Int32] {
    guard let directory = try? OwnedDescriptor.open(path: "/proc", flags: O_RDONLY | O_DIRECTORY),
      let names = try? directory.entryNames()
    else { return [] }
    return names.compactMap { Int32($0) }
  }

  /// Whether a process was started with this variable: `NAME=value`.
  static func environment(of process: Int32, has variable: String) -> Bool {
    guard let environment = bytes(of: process, "environ") else { return false }
    return environment.split(separator: 0).contains { $0.elementsEqual(variable.utf8) }
  }

  private static func bytes(of process: Int32, _ name: String) -> [UInt8]? {
    guard let file = try? OwnedDescriptor.open(path: "/proc/\(process)/\(name)", flags: O_RDONLY) else { return nil }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 64 * 1024)
    while true {
      let count = buffer.withUnsafeMutableBytes { read(file.rawValue, $0.baseAddress, $0.count) }
      guard count > 0 else { return bytes.isEmpty ? nil : bytes }
      bytes += buffer.prefix(count)
    }
  }
}
