internal import LinuxSystem

/// One process, told from any later one with the same number by when it started.
struct ProcessIdentity: Hashable, Sendable {
  let id: Int32
  /// When it started, in clock ticks since boot (proc(5), field 22 of stat).
  let start: UInt64

  init(id: Int32, start: UInt64) {
    self.id = id
    self.start = start
  }

  /// The process that has this number now; nil if none has.
  init?(of process: Int32) {
    guard let status = ProcessStatus(of: process) else { return nil }
    self = status.identity
  }

  /// `NUMBER:START`, one a word.
  static func text(_ processes: Set<ProcessIdentity>) -> String {
    processes.map { "\($0.id):\($0.start)" }.sorted().joined(separator: " ")
  }

  /// Reads ``text(_:)``.
  static func list(_ text: String) -> Set<ProcessIdentity> {
    Set(
      text.split(separator: " ").compactMap { word in
        let numbers = word.split(separator: ":")
        guard numbers.count == 2, let id = Int32(numbers[0]), let start = UInt64(numbers[1]) else { return nil }
        return ProcessIdentity(id: id, start: start)
      })
  }

  /// A handle for this process, and never for another that got its number since; nil if it is gone.
  var handle: ProcessHandle? {
    // The handle is for whichever process had the number when it was opened, so only now is it known to be this one.
    guard let process = try? ProcessHandle(id), ProcessIdentity(of: id) == self else { return nil }
    return process
  }

  /// Sends a signal to this process (pidfd_send_signal(2)).
  func signal(_ signal: Int32) { try? handle?.send(signal) }
}

extension ProcessStatus {
  var identity: ProcessIdentity { ProcessIdentity(id: id, start: start) }
}
