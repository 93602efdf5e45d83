import LinuxSystem
import VFS

/// A process that has a FUSE connection open. Processes that this one may not inspect are not found.
struct ServingProcess: Hashable {
  var process: ProcessID
  /// The connection number; nil on kernels before 6.9, which do not show it.
  var connection: UInt32?
  /// Whether it was killed and only its last threads are left.
  var isDying: Bool

  /// All such processes, one element per process and connection.
  static var all: Set<ServingProcess> {
    var found: Set<ServingProcess> = []
    for number in ProcessStatus.allProcesses() {
      for connection in connections(of: "/proc/\(number)") {
        found.insert(
          ServingProcess(
            process: ProcessID(rawValue: number), connection: connection, isDying: isDying("/proc/\(number)")))
      }
    }
    return found
  }

  /// The connections that a process has open. If its first thread is gone, the other threads still show the
  /// descriptors.
  private static func connections(of process: String) -> Set<UInt32?> {
    var found: Set<UInt32?> = []
    var places = [process]
    if isZombie(process) { places = ProcessFile.names(in: process + "/task").map { "\(process)/task/\($0)" } }
    for place in places {
      for descriptor in ProcessFile.names(in: place + "/fd")
      where ProcessFile.link("\(place)/fd/\(descriptor)") == "/dev/fuse" {
        let information = ProcessFile.text("\(place)/fdinfo/\(descriptor)") ?? ""
        let line = information.split(separator: "\n").first { $0.hasPrefix("fuse_connection:") }
        found.insert(line.flatMap { UInt32($0.split(separator: "\t").last ?? "") })
      }
    }
    return found
  }

  /// Whether the process is ending: its first thread is gone, or one of its threads has a pending SIGKILL.
  private static func isDying(_ process: String) -> Bool {
    if let stat = ProcessStatus.Fields(at: process + "/stat"), stat.hasEnded { return true }
    return ProcessFile.names(in: process + "/task").contains {
      PendingSignals.includeKill("\(process)/task/\($0)/status")
    }
  }

  private static func isZombie(_ process: String) -> Bool {
    ProcessStatus.Fields(at: process + "/stat")?.isZombie ?? false
  }
}
