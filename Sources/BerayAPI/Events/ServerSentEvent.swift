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
    Self.append(
      id: lastEventID?.filter { !$0.isNewline }, event: event.filter { !$0.isNewline }, data: data, to: &bytes)
    return bytes
  }

  /// Appends an encoded event. `id` and `event` must have no line breaks.
  package static func append(id: String?, event: String = "message", data: String, to bytes: inout [UInt8]) {
    if let id { write("id", id, to: &bytes) }
    if event != "message" { write("event", event, to: &bytes) }
    var data = data
    data.withUTF8 { utf8 in
      var start = 0
      for index in utf8.indices where utf8[index] == 0x0A || utf8[index] == 0x0D {
        // CR and LF together are one line break.
        let isSecondHalf = utf8[index] == 0x0A && index > 0 && utf8[index - 1] == 0x0D
        if !isSecondHalf { writeData(UnsafeBufferPointer(rebasing: utf8[start..<index]), to: &bytes) }
        start = index + 1
      }
      writeData(UnsafeBufferPointer(rebasing: utf8[start...]), to: &bytes)
    }
    bytes.append(0x0A)
  }

  /// Encodes a comment. Parsers ignore it, but it keeps the connection alive.
  public static func comment(_ text: String) -> [UInt8] {
    Array(": \(text.filter { !$0.isNewline })\n\n".utf8)
  }

  private static func write(_ field: String, _ value: String, to bytes: inout [UInt8]) {
    bytes.append(contentsOf: "\(field): \(value)\n".utf8)
  }

  private static func writeData(_ line: UnsafeBufferPointer<UInt8>, to bytes: inout [UInt8]) {
    bytes.append(contentsOf: "data: ".utf8)
    bytes.append(contentsOf: line)
    bytes.append(0x0A)
  }
}
