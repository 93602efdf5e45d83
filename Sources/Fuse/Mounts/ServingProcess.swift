import Glibc
import VFS

/// A process that has a FUSE connection open, as far as this process may look.
struct ServingProcess: Hashable {
  var process: ProcessID
  /// The number of the connection; nil where the kernel does not tell (before 6.9).
  var connection: UInt32?
  /// Whether it was killed and only its last threads are left.
  var isDying: Bool

  /// One for each connection of each process.
  static var all: Set<ServingProcess> {
    var found: Set<ServingProcess> = []
    for name in names(in: "/proc") {
      guard let number = Int32(name) else { continue }
      for connection in connections(of: "/proc/\(number)") {
        found.insert(
          ServingProcess(
            process: ProcessID(rawValue: number), connection: connection, isDying: isDying("/proc/\(number)")))
      }
    }
    return found
  }

  /// The connections that a process has open. Of one whose first thread is gone, the others still have its descriptors.
  private static func connections(of process: String) -> Set<UInt32?> {
    var found: Set<UInt32?> = []
    var places = [process]
    if state(process) == "Z" { places = names(in: process + "/task").map { "\(process)/task/\($0)" } }
    for place in places {
      for descriptor in names(in: place + "/fd") where isFuseDevice("\(place)/fd/\(descriptor)") {
        let information = ProcessFile.contents(of: "\(place)/fdinfo/\(descriptor)") ?? ""
        let line = information.split(separator: "\n").first { $0.hasPrefix("fuse_connection:") }
        found.insert(line.flatMap { UInt32($0.split(separator: "\t").last ?? "") })
      }
    }
    return found
  }

  /// A process ends as a whole: where its first thread is gone or was sent SIGKILL, so are the others.
  private static func isDying(_ process: String) -> Bool {
    if let state = state(process), state == "Z" || state == "X" { return true }
    return names(in: process + "/task").contains { PendingSignals.includeKill("\(process)/task/\($0)/status") }
  }

  private static func state(_ process: String) -> Character? {
    // The name in front may hold anything.
    ProcessFile.contents(of: process + "/stat")?.split(separator: ")").last?.first { $0 != " " }
  }

  private static func isFuseDevice(_ link: String) -> Bool {
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 16) { buffer in
      let count = readlink(link, buffer.baseAddress!, buffer.count)
      return count > 0 && buffer[..<count].elementsEqual("/dev/fuse".utf8)
    }
  }

  private static func names(in directory: String) -> [String] {
    guard let stream = opendir(directory) else { return [] }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = Glibc.readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name.0) { String(cString: $0) }
      if name != ".", name != ".." { names.append(name) }
    }
    return names
  }
}
