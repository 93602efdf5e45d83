import Beray
import BerayAPI

@testable import BerayFS

func event(_ text: String, id: Int? = nil, type: String = "log") -> JSON {
  var members = [JSON.Member("type", .string(type)), JSON.Member("text", .string(text))]
  if let id { members.insert(JSON.Member("id", .number(String(id))), at: 0) }
  return .object(members)
}

func statusChange(_ status: String, id: Int? = nil) -> JSON {
  var members = [JSON.Member("type", .string("status")), JSON.Member("status", .string(status))]
  if let id { members.insert(JSON.Member("id", .number(String(id))), at: 0) }
  return .object(members)
}

func makeTask(_ status: String, _ events: [JSON]? = nil, updated: Int64? = nil, created: Int64? = nil) -> BerayTask {
  var members = [
    JSON.Member("id", .number("7")), JSON.Member("goal", .string("go")), JSON.Member("status", .string(status)),
  ]
  if let events { members.append(JSON.Member("events", .array(events))) }
  return BerayTask(
    id: TaskID(rawValue: 7), goal: "go", status: TaskStatus(status),
    createdAt: created.map { UTCTime(seconds: $0) }, updatedAt: updated.map { UTCTime(seconds: $0) },
    events: events.map { $0.map { TaskEvent(json: $0) } }, raw: .object(members))
}

extension EventLog {
  mutating func receive(_ json: JSON, id: String? = nil) {
    if let update = TaskUpdate(json: json, lastEventID: id) { receive(update) }
  }

  mutating func merge(_ events: [JSON]?, _ status: String = "RUNNING", asked: Mark? = nil) {
    merge(events.map { ListedEvents($0.map { TaskEvent(json: $0) }) }, status: TaskStatus(status), asked: asked ?? mark)
  }

  /// The last columns of events.log: type and text.
  var lines: [String] {
    String(decoding: read(.text, offset: 0, count: Int(size(of: .text))), as: UTF8.self)
      .split(separator: "\n").map { line in
        line.split(separator: " ", omittingEmptySubsequences: true).dropFirst(2).joined(separator: " ")
      }
  }

  var jsonLines: [String] {
    String(decoding: read(.json, offset: 0, count: Int(size(of: .json))), as: UTF8.self)
      .split(separator: "\n").map(String.init)
  }
}

/// Repeats the same numbers for the same seed (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
  var state: UInt64
  init(_ seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
    return value ^ (value >> 31)
  }
}
