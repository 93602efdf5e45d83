import Beray
import BerayAPI
import Glibc
import VFS

/// The state of a mount as `.beray/status.json` shows it. It holds no secret.
struct MountStatus {
  var context: MountContext
  var health: ServiceMonitor.Health
  var shared: WorkShared
  var started: Timestamp

  var json: JSON {
    let work = shared.status
    return [
      "url": .string(context.options.serverName),
      "agent": context.options.agent().map(JSON.string) ?? .null,
      "user": health.user?.email.map(JSON.string) ?? .null,
      "connection": connection,
      "mounted_at": .string(UTCTime(started).iso8601(fractionDigits: 3)),
      "process": .number(String(getpid())),
      "cache": [
        "bytes": .number(String(work.cacheBytes)), "limit": .number(String(context.options.cacheSize)),
        "files": .number(String(work.cacheEntries)),
      ],
      "pending_uploads": .array(
        work.pending.map { pending in
          [
            "path": .string(pending.path), "bytes": .number(String(pending.bytes)),
            "since": .string(UTCTime(pending.since).iso8601(fractionDigits: 3)),
            "error": pending.error.map(JSON.string) ?? .null,
          ]
        }),
      "held_back": .array(work.heldBack.map { .string($0) }),
      "left_behind": .array(work.leftBehind.map { .string($0) }),
      "open_streams": .number(String(health.openStreams)),
      "requests": .object(
        health.requests.sorted { $0.key < $1.key }.map { JSON.Member($0.key, .number(String($0.value))) }),
      "request_seconds": .object(
        health.durations.sorted { $0.key < $1.key }.map { name, duration in
          // Thousandths are precise enough, and print as short numbers.
          JSON.Member(name, .number(String(Double(Int64(duration / .milliseconds(1))) / 1000)))
        }),
      "failed_requests": .number(String(health.failures)),
      "bytes_sent": .number(String(health.bytesSent)), "bytes_received": .number(String(health.bytesReceived)),
      "inodes": .number(String(context.inodes.count)),
    ]
  }

  private var connection: JSON {
    guard let outage = health.outage else { return ["state": health.isRefused ? "not logged in" : "connected"] }
    return [
      "state": "unreachable", "since": .string(UTCTime(outage.since).iso8601(fractionDigits: 3)),
      "error": .string(outage.error.reason),
    ]
  }
}
