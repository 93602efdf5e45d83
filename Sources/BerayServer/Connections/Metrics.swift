internal import Synchronization

/// Collects the numbers for `GET /metrics`, in the text format of Prometheus (version 0.0.4).
final class Metrics: Sendable {
  /// The upper bounds of the latency buckets, in seconds.
  private static let bounds = [0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10]

  private struct State {
    var requests: [Int: Int] = [:]
    var bytes = 0
    var latencies = [Int](repeating: 0, count: bounds.count + 1)
    var seconds = 0.0
    var streams = 0
  }

  private let state = Mutex(State())

  /// Counts a request whose answer was sent.
  func request(status: Int, bytes: Int, duration: Duration) {
    let seconds = duration / .seconds(1)
    let index = Self.bounds.firstIndex { seconds <= $0 } ?? Self.bounds.count
    state.withLock { state in
      state.requests[status, default: 0] += 1
      state.bytes += bytes
      state.latencies[index] += 1
      state.seconds += seconds
    }
  }

  /// Counts a client that follows a task, until ``streamEnded()``.
  func streamBegan() { state.withLock { $0.streams += 1 } }
  func streamEnded() { state.withLock { $0.streams -= 1 } }

  /// - Parameter tasks: the number of tasks with each status.
  func text(tasks: [(status: String, count: Int)]) -> String {
    let state = state.withLock(\.self)
    var lines: [String] = []
    func family(_ name: String, _ type: String, _ help: String, _ samples: [String]) {
      lines += ["# HELP beray_\(name) \(help)", "# TYPE beray_\(name) \(type)"] + samples.map { "beray_" + $0 }
    }
    family(
      "requests_total", "counter", "Answers by status.",
      state.requests.sorted { $0.key < $1.key }.map { "requests_total{status=\"\($0.key)\"} \($0.value)" })
    var sum = 0
    var buckets: [String] = []
    for (index, bound) in Self.bounds.enumerated() {
      sum += state.latencies[index]
      buckets.append("request_seconds_bucket{le=\"\(bound)\"} \(sum)")
    }
    let all = state.latencies.reduce(0, +)
    family(
      "request_seconds", "histogram", "Time from a request to the end of its answer.",
      buckets + [
        "request_seconds_bucket{le=\"+Inf\"} \(all)", "request_seconds_sum \(state.seconds)",
        "request_seconds_count \(all)",
      ])
    family("response_bytes_total", "counter", "Bytes of answers' bodies.", ["response_bytes_total \(state.bytes)"])
    family("stream_clients", "gauge", "Clients that follow a task now.", ["stream_clients \(state.streams)"])
    family(
      "tasks", "gauge", "Tasks by status.", tasks.map { "tasks{status=\"\($0.status)\"} \($0.count)" })
    return lines.joined(separator: "\n") + "\n"
  }
}
