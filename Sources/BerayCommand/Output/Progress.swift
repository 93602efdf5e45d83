import Glibc
import Synchronization

/// A line on standard error that tells how far a transfer is, where standard error is a terminal.
final class Progress: Sendable {
  private struct State {
    var bytes: Int64 = 0
    var shownAt: Int64 = 0
    var isShown = false
  }

  private let label: String
  private let total: Int64?
  private let isOn: Bool
  private let state = Mutex(State())

  init(_ label: String, total: Int64?, isOn: Bool = Terminal.standardErrorIsTerminal) {
    self.label = label
    self.total = total
    self.isOn = isOn
  }

  func add(_ count: Int) {
    guard isOn else { return }
    let line: String? = state.withLock { state in
      state.bytes += Int64(count)
      var time = timespec()
      clock_gettime(CLOCK_MONOTONIC, &time)
      let now = Int64(time.tv_sec) * 10 + Int64(time.tv_nsec) / 100_000_000
      guard now > state.shownAt + 1 else { return nil }
      state.shownAt = now
      state.isShown = true
      return Self.text(label, state.bytes, of: total)
    }
    if let line { Self.show("\r\(line)\u{1B}[K") }
  }

  /// Takes the line away.
  func end() {
    if state.withLock({ $0.isShown }) { Self.show("\r\u{1B}[K") }
  }

  static func text(_ label: String, _ bytes: Int64, of total: Int64?) -> String {
    guard let total, total > 0 else { return "\(label): \(size(bytes))" }
    return "\(label): \(size(bytes)) of \(size(total)), \(min(100, bytes * 100 / total)) %"
  }

  /// A number of bytes for people, in powers of 1024 with one digit after the point.
  static func size(_ bytes: Int64) -> String {
    var tenths = bytes * 10
    for unit in ["B", "KiB", "MiB", "GiB"] {
      if tenths < 10240 { return unit == "B" ? "\(bytes) B" : "\(tenths / 10).\(tenths % 10) \(unit)" }
      tenths /= 1024
    }
    return "\(tenths / 10).\(tenths % 10) TiB"
  }

  private static func show(_ text: String) {
    let bytes = Array(text.utf8)
    _ = Glibc.write(STDERR_FILENO, bytes, bytes.count)
  }
}
