import Synchronization

/// Shows the progress of a transfer on the terminal's status line.
final class Progress: Sendable {
  private struct State {
    var label: String
    var bytes: Int64 = 0
    var shownAt: ContinuousClock.Instant?
  }

  private let total: Int64?
  private let terminal: Terminal?
  private let clock: @Sendable () -> ContinuousClock.Instant
  private let start: ContinuousClock.Instant
  private let state: Mutex<State>

  /// - Parameters:
  ///   - total: the number of bytes, if it is known.
  ///   - terminal: where to show it. Nil shows nothing.
  init(
    _ label: String, total: Int64?, on terminal: Terminal?,
    clock: @escaping @Sendable () -> ContinuousClock.Instant = { .now }
  ) {
    self.total = total
    self.terminal = terminal
    self.clock = clock
    start = clock()
    state = Mutex(State(label: label))
  }

  /// Sets the name of the file that is transferred now.
  func name(_ label: String) { state.withLock { $0.label = label } }

  func add(_ count: Int) {
    guard let terminal else { return }
    let now = clock()
    let line: String? = state.withLock { state in
      state.bytes += Int64(count)
      if let shownAt = state.shownAt, now - shownAt < .milliseconds(200) { return nil }
      state.shownAt = now
      return Self.text(state.label, state.bytes, of: total, after: now - start)
    }
    if let line { terminal.showStatus(line) }
  }

  /// Removes the line.
  func end() { terminal?.hideStatus() }

  /// A line such as `a.tar: 1.0 MiB of 4.0 MiB, 25 %, 512.0 KiB/s, 6s left`. Leaves out the rate at first, because it
  /// is not yet meaningful.
  static func text(_ label: String, _ bytes: Int64, of total: Int64?, after time: Duration) -> String {
    var text = "\(label): \(size(bytes))"
    if let total, total > 0 { text += " of \(size(total)), \(min(100, bytes * 100 / total)) %" }
    let seconds = time / .seconds(1)
    guard seconds >= 0.5, bytes > 0 else { return text }
    let rate = Double(bytes) / seconds
    text += ", \(size(Int64(rate)))/s"
    if let total, total > bytes {
      text += ", \(TimeText.span(seconds: Int64((Double(total - bytes) / rate).rounded(.up)))) left"
    }
    return text
  }

  /// Formats a number of bytes in powers of 1024, with one decimal.
  static func size(_ bytes: Int64) -> String {
    var tenths = bytes * 10
    for unit in ["B", "KiB", "MiB", "GiB"] {
      if tenths < 10240 { return unit == "B" ? "\(bytes) B" : "\(tenths / 10).\(tenths % 10) \(unit)" }
      tenths /= 1024
    }
    return "\(tenths / 10).\(tenths % 10) TiB"
  }
}
