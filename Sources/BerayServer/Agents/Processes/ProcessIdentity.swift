internal import LinuxSystem

/// Identifies a process. Process ids are reused, so the start time tells it from a later process with the same id.
struct ProcessIdentity: Hashable, Sendable {
  let id: Int32
  /// The start time in clock ticks since boot (proc(5), field 22 of stat).
  let start: UInt64

  init(id: Int32, start: UInt64) {
    self.id = id
    self.start = start
  }

  init(_ status: ProcessStatus) { self.init(id: status.id, start: status.start) }

  /// The process that has this id now; nil if none has.
  init?(of process: Int32) {
    guard let status = ProcessStatus(of: process) else { return nil }
    self.init(status)
  }

  /// Writes `ID:START` for each process, separated by spaces.
  static func text(_ processes: Set<ProcessIdentity>) -> String {
    processes.map { "\($0.id):\($0.start)" }.sorted().joined(separator: " ")
  }

  /// Reads the format of ``text(_:)``.
  static func list(_ text: String) -> Set<ProcessIdentity> {
    Set(
      text.split(separator: " ").compactMap { word in
        let numbers = word.split(separator: ":")
        guard numbers.count == 2, let id = Int32(numbers[0]), let start = UInt64(numbers[1]) else { return nil }
        return ProcessIdentity(id: id, start: start)
      })
  }

  /// A handle for this process, never for a later one with the same id; nil if the process is gone.
  var handle: ProcessHandle? {
    // The handle refers to whichever process had the id when it was opened. Only this check proves that it is this one.
    guard let process = try? ProcessHandle(id), ProcessIdentity(of: id) == self else { return nil }
    return process
  }

  /// Sends a signal to this process (pidfd_send_signal(2)).
  func signal(_ signal: Int32) { try? handle?.send(signal) }
}
