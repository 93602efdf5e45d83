/// Splits an event stream into events by the rules of WHATWG HTML §9.2.6. The bytes may be cut anywhere.
///
/// It deviates in one point. The standard drops a block that is unfinished at the end of the stream. ``finish()``
/// returns it if it has data, because some servers close without a last blank line.
public struct ServerSentEventParser: Sendable {
  /// A line, or the data of one event, exceeds ``ServerSentEventParser/sizeLimit``.
  public struct TooLong: Error, Hashable, Sendable {}

  /// The most bytes in one line, and in the data of one event.
  public let sizeLimit: Int
  /// The id from which to resume the stream; nil if none has come, or if an empty id has reset it.
  public private(set) var lastEventID: String?

  private var line: [UInt8] = []
  private var endedWithCR = false
  private var isAtStart = true
  private var pendingID: String?
  private var eventName = ""
  private var data: [UInt8] = []

  public init(sizeLimit: Int = 16 << 20) {
    self.sizeLimit = sizeLimit
  }

  /// Takes the next bytes of the stream and returns the events that they complete.
  public mutating func push(_ bytes: some Collection<UInt8>) throws(TooLong) -> [ServerSentEvent] {
    var events: [ServerSentEvent] = []
    var rest = bytes[...]
    while !rest.isEmpty {
      if endedWithCR {
        endedWithCR = false
        if rest.first == 0x0A {
          rest = rest.dropFirst()
          continue
        }
      }
      guard let end = rest.firstIndex(where: { $0 == 0x0A || $0 == 0x0D }) else {
        try append(rest)
        break
      }
      try append(rest[..<end])
      endedWithCR = rest[end] == 0x0D
      rest = rest[rest.index(after: end)...]
      if let event = try endLine() { events.append(event) }
    }
    return events
  }

  /// Ends the stream. Returns an event that was not ended by a blank line, if it has data.
  public mutating func finish() throws(TooLong) -> ServerSentEvent? {
    if !line.isEmpty, let event = try endLine() { return event }
    return dispatch()
  }

  private mutating func append(_ bytes: some Collection<UInt8>) throws(TooLong) {
    guard line.count + bytes.count <= sizeLimit else { throw TooLong() }
    line.append(contentsOf: bytes)
  }

  private mutating func endLine() throws(TooLong) -> ServerSentEvent? {
    defer { line.removeAll(keepingCapacity: true) }
    if isAtStart {
      isAtStart = false
      if line.starts(with: [0xEF, 0xBB, 0xBF]) { line.removeFirst(3) }
    }
    if line.isEmpty { return dispatch() }
    guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else {
      try apply(String(decoding: line, as: UTF8.self), [])
      return nil
    }
    if colon == 0 { return nil }
    var value = line[(colon + 1)...]
    if value.first == UInt8(ascii: " ") { value = value.dropFirst() }
    try apply(String(decoding: line[..<colon], as: UTF8.self), value)
    return nil
  }

  private mutating func apply(_ field: String, _ value: ArraySlice<UInt8>) throws(TooLong) {
    switch field {
    case "data":
      guard data.count + value.count < sizeLimit else { throw TooLong() }
      data.append(contentsOf: value)
      data.append(0x0A)
    case "event":
      eventName = String(decoding: value, as: UTF8.self)
    case "id" where !value.contains(0):
      pendingID = String(decoding: value, as: UTF8.self)
    default:
      // `retry` is ignored too: followers have their own pauses, which a server must not extend.
      break
    }
  }

  private mutating func dispatch() -> ServerSentEvent? {
    defer {
      data.removeAll(keepingCapacity: data.capacity < 1 << 20)
      eventName = ""
      pendingID = nil
    }
    if let pendingID { lastEventID = pendingID.isEmpty ? nil : pendingID }
    guard !data.isEmpty else { return nil }
    return ServerSentEvent(
      event: eventName.isEmpty ? "message" : eventName, data: String(decoding: data.dropLast(), as: UTF8.self),
      lastEventID: lastEventID)
  }
}
