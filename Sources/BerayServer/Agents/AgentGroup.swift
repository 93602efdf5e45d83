internal import Glibc

/// The process group of an agent, told from any later group with the same number by when its leader started.
struct AgentGroup: Hashable, Sendable {
  /// The group's id, which is the leader's pid.
  let id: Int32
  /// When the leader started, in clock ticks since boot (proc(5), field 22 of stat).
  let leaderStart: UInt64

  init(id: Int32, leaderStart: UInt64) {
    self.id = id
    self.leaderStart = leaderStart
  }

  /// The group of a process that leads one; nil where it is gone.
  init?(leader: Int32) {
    guard let start = Self.startTime(of: leader) else { return nil }
    self.init(id: leader, leaderStart: start)
  }

  /// Whether the leader is alive, and is the one that was recorded.
  var leaderIsAlive: Bool { Self.startTime(of: id) == leaderStart }

  /// Sends a signal to every process of the group.
  func signal(_ signal: Int32) {
    guard id > 1 else { return }
    kill(-id, signal)
  }

  static func startTime(of process: Int32) -> UInt64? {
    guard let file = try? OwnedDescriptor.open(path: "/proc/\(process)/stat", flags: O_RDONLY) else { return nil }
    var buffer = [UInt8](repeating: 0, count: 4096)
    let count = buffer.withUnsafeMutableBytes { read(file.rawValue, $0.baseAddress, $0.count) }
    guard count > 0, let close = buffer.prefix(count).lastIndex(of: UInt8(ascii: ")")) else { return nil }
    // After the name in parentheses, which may hold anything, the third field follows.
    let fields = buffer[(close + 1)..<count].split(separator: UInt8(ascii: " "))
    guard fields.count > 19 else { return nil }
    return UInt64(String(decoding: fields[19], as: UTF8.self))
  }
}
