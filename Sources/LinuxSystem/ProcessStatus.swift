/// What the kernel tells of a process or a thread in `/proc` (proc_pid_stat(5)).
package struct ProcessStatus: Sendable {
  package let id: Int32
  package let parent: Int32
  package let group: Int32
  package let session: Int32
  /// When it started, in clock ticks since boot.
  package let start: UInt64
  /// It is a zombie, or nearly gone.
  package let hasEnded: Bool

  /// Nil if there is no such process.
  package init?(of process: Int32) {
    guard let fields = Fields(at: "/proc/\(process)/stat") else { return nil }
    guard let parent = fields[4], let group = fields[5], let session = fields[6], let start = fields[22] else {
      return nil
    }
    id = process
    self.parent = Int32(truncatingIfNeeded: parent)
    self.group = Int32(truncatingIfNeeded: group)
    self.session = Int32(truncatingIfNeeded: session)
    self.start = UInt64(clamping: start)
    hasEnded = fields.hasEnded
  }

  /// The numbers of the machine's processes.
  package static func allProcesses() -> [Int32] { ProcessFile.names(in: "/proc").compactMap { Int32($0) } }

  /// Every process of the machine, by its number.
  package static func table() -> [Int32: ProcessStatus] {
    var table: [Int32: ProcessStatus] = [:]
    for process in allProcesses() { table[process] = ProcessStatus(of: process) }
    return table
  }

  /// Whether a process was started with this variable: `NAME=value`.
  package static func environment(of process: Int32, has variable: String) -> Bool {
    guard let environment = ProcessFile.bytes("/proc/\(process)/environ") else { return false }
    return environment.split(separator: 0).contains { $0.elementsEqual(variable.utf8) }
  }

  /// The directory that a process works in; nil if that is not to be seen.
  package static func directory(of process: Int32) -> String? { ProcessFile.link("/proc/\(process)/cwd") }

  /// The fields of a `stat` file by their places, which count from 1.
  package struct Fields {
    private let fields: [ArraySlice<UInt8>]

    /// - Parameter stat: the content of the file.
    package init?(_ stat: [UInt8]) {
      // The name in parentheses, which is the second field, may hold anything.
      guard let name = stat.lastIndex(of: UInt8(ascii: ")")) else { return nil }
      fields = stat[(name + 1)...].split { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\n") }
      guard !fields.isEmpty else { return nil }
    }

    /// Nil if there is no such file.
    package init?(at path: String) {
      guard let stat = ProcessFile.bytes(path) else { return nil }
      self.init(stat)
    }

    /// A number; nil if the kernel tells none, and for the first three.
    package subscript(place: Int) -> Int64? {
      let index = place - 3
      guard index > 0, fields.indices.contains(index) else { return nil }
      return Int64(String(decoding: fields[index], as: UTF8.self))
    }

    /// Whether it is a zombie, or nearly gone.
    package var hasEnded: Bool { fields[0].first == UInt8(ascii: "Z") || fields[0].first == UInt8(ascii: "X") }

    package var isZombie: Bool { fields[0].first == UInt8(ascii: "Z") }
  }
}
