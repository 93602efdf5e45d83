internal import Glibc

/// What the kernel tells of a process in `/proc` (proc(5)).
struct ProcessStatus: Sendable {
  let id: Int32
  let parent: Int32
  let group: Int32
  let session: Int32
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
    func number(_ index: Int) -> Int64? {
      index < fields.count ? Int64(String(decoding: fields[index], as: UTF8.self)) : nil
    }
    guard let parent = number(1), let group = number(2), let session = number(3), let start = number(19) else {
      return nil
    }
    id = process
    self.parent = Int32(truncatingIfNeeded: parent)
    self.group = Int32(truncatingIfNeeded: group)
    self.session = Int32(truncatingIfNeeded: session)
    self.start = UInt64(clamping: start)
    hasEnded = [UInt8(ascii: "Z"), UInt8(ascii: "X")].contains(fields[0].first)
  }

  var identity: ProcessIdentity { ProcessIdentity(id: id, start: start) }

  /// The numbers of the machine's processes.
  static func allProcesses() -> [Int32] {
    guard let directory = try? OwnedDescriptor.open(path: "/proc", flags: O_RDONLY | O_DIRECTORY),
      let names = try? directory.entryNames()
    else { return [] }
    return names.compactMap { Int32($0.text) }
  }

  /// Every process of the machine, by its number.
  static func table() -> [Int32: ProcessStatus] {
    var table: [Int32: ProcessStatus] = [:]
    for process in allProcesses() { table[process] = ProcessStatus(of: process) }
    return table
  }

  /// Whether a process was started with this variable: `NAME=value`.
  static func environment(of process: Int32, has variable: String) -> Bool {
    guard let environment = bytes(of: process, "environ") else { return false }
    return environment.split(separator: 0).contains { $0.elementsEqual(variable.utf8) }
  }

  /// The directory that a process works in; nil where that is not to be seen.
  static func directory(of process: Int32) -> String? {
    var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
    let count = buffer.withUnsafeMutableBytes {
      readlink("/proc/\(process)/cwd", $0.baseAddress!.assumingMemoryBound(to: CChar.self), $0.count)
    }
    return count > 0 ? String(decoding: buffer[..<count], as: UTF8.self) : nil
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
