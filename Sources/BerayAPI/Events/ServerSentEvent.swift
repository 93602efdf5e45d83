/// One event of an event stream (WHATWG HTML §9.2, "Server-sent events").
public struct ServerSentEvent: Hashable, Sendable {
  /// The name in the `event:` field; "message" if there is none.
  public var event: String
  /// The `data:` lines, joined by newlines.
  public var data: String
  /// The stream's last event id after this event. It may stem from an earlier event. Nil if none has come yet.
  public var lastEventID: String?

  public init(event: String = "message", data: String, lastEventID: String? = nil) {
    self.event = event
    self.data = data
    self.lastEventID = lastEventID
  }

  /// Encodes the event for the wire, including the blank line that ends it.
  ///
  /// Line breaks in `event` and `lastEventID` are removed, because they would begin another field.
  public func encoded() -> [UInt8] {
    var bytes: [UInt8] = []
    if let lastEventID { Self.write("id", lastEventID.filter { !$0.isNewline }, to: &bytes) }
    if event != "message" { Self.write("event", event.filter { !$0.isNewline }, to: &bytes) }
    for line in data.split(
      omittingEmptySubsequences: false, whereSeparator: { "\r\n" == $0 || "\n" == $0 || "\r" == $0 })
    {
      Self.write("data", line, to: &bytes)
    }
    bytes.append(0x0A)
    return bytes
  }

  /// Encodes a comment. Parsers ignore it, but it keeps the connection alive.
  public static func comment(_ text: String) -> [UInt8] {
    Array(": \(text.filter { !$0.isNewline })\n\n".utf8)
  }

  private static func write(_ field: String, _ value: some StringProtocol, to bytes: inout [UInt8]) {
    bytes.append(contentsOf: "\(field): ".utf8)
    bytes.append(contentsOf: value.utf8)
    bytes.append(0x0A)
  }
}
