/// The status of a process, from `/proc` (proc_pid_stat(5)).
package struct ProcessStatus: Sendable {
  package let id: Int32
  package let parent: Int32
  package let group: Int32
  package let session: Int32
  /// When it started, in clock ticks since boot.
  package let start: UInt64
  /// Whether it is a zombie or dead.
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

  /// The ids of all processes.
  package static func allProcesses() -> [Int32] { ProcessFile.names(in: "/proc").compactMap { Int32($0) } }

  /// The status of all processes, by id.
  package static func table() -> [Int32: ProcessStatus] {
    var table: [Int32: ProcessStatus] = [:]
    for process in allProcesses() { table[process] = ProcessStatus(of: process) }
    return table
  }

  /// Whether a process was started with this variable: `NAME=value`. Nil if it is not known yet, because an execve(2) of
  /// the process is under way: its environment is empty until that ends.
  package static func environment(of process: Int32, has variable: String) -> Bool? {
    // The second time is for an execve(2) that ended between the two looks.
    for _ in 0..<2 {
      guard let environment = ProcessFile.bytes("/proc/\(process)/environ") else { return false }
      if environment.split(separator: 0).contains(where: { $0.elementsEqual(variable.utf8) }) { return true }
      guard environment.isEmpty else { return false }
      if Fields(at: "/proc/\(process)/stat")?.isInExec == true { return nil }
    }
    return false
  }

  /// The working directory of a process; nil if it cannot be read.
  package static func directory(of process: Int32) -> String? { ProcessFile.link("/proc/\(process)/cwd") }

  /// The fields of a `stat` file, numbered from 1 as in proc_pid_stat(5).
  package struct Fields {
    private let fields: [ArraySlice<UInt8>]

    /// - Parameter stat: the content of the file.
    package init?(_ stat: [UInt8]) {
      // The second field is a name in parentheses, which may itself contain spaces and parentheses.
      guard let name = stat.lastIndex(of: UInt8(ascii: ")")) else { return nil }
      fields = stat[(name + 1)...].split { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\n") }
      guard !fields.isEmpty else { return nil }
    }

    /// Nil if there is no such file.
    package init?(at path: String) {
      guard let stat = ProcessFile.bytes(path) else { return nil }
      self.init(stat)
    }

    /// The number in a field; nil if there is none, and for the first three fields.
    package subscript(place: Int) -> Int64? {
      let index = place - 3
      guard index > 0, fields.indices.contains(index) else { return nil }
      return Int64(String(decoding: fields[index], as: UTF8.self))
    }

    /// Whether it is a zombie or dead.
    package var hasEnded: Bool { fields[0].first == UInt8(ascii: "Z") || fields[0].first == UInt8(ascii: "X") }

    package var isZombie: Bool { fields[0].first == UInt8(ascii: "Z") }

    /// Whether execve(2) has given the process its new memory (field 23), but not yet its code (field 26), arguments and
    /// environment. The kernel writes the code's address last (`load_elf_binary` in fs/binfmt_elf.c).
    package var isInExec: Bool { self[23] != 0 && self[26] == 0 }
  }
}
