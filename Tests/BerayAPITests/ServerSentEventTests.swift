import BerayAPI
import Testing

@Suite struct ServerSentEventTests {
  static let cases: [(String, [ServerSentEvent])] = [
    ("data: a\n\ndata:b\n\n", [.init(data: "a"), .init(data: "b")]),
    ("data: a\r\n\r\ndata: b\r\rdata: c\n\n", [.init(data: "a"), .init(data: "b"), .init(data: "c")]),
    ("\u{FEFF}data: a\n\n", [.init(data: "a")]),
    ("data: a\n\n\u{FEFF}data: b\n\n", [.init(data: "a")]),
    ("data: a\ndata:  b\ndata\n\n", [.init(data: "a\n b\n")]),
    (": comment\n:\ndata: a\n: more\n\n", [.init(data: "a")]),
    (": ping\n\n: ping\n\n", []),
    ("event: status\ndata: {}\n\n", [.init(event: "status", data: "{}")]),
    ("event: x\n\ndata: a\n\n", [.init(data: "a")]),
    ("id: 7\ndata: a\n\ndata: b\n\n", [.init(data: "a", lastEventID: "7"), .init(data: "b", lastEventID: "7")]),
    ("id: 7\n\ndata: b\n\n", [.init(data: "b", lastEventID: "7")]),
    ("id: 7\ndata: a\n\nid\ndata: b\n\n", [.init(data: "a", lastEventID: "7"), .init(data: "b")]),
    ("id: 1\0\ndata: a\n\n", [.init(data: "a")]),
    ("retry: 150\ndata: a\n\nretry: 1x\ndata: b\n\n", [.init(data: "a"), .init(data: "b")]),
    ("unknown: x\ndata: a:b\n\n", [.init(data: "a:b")]),
    ("data:\n\n", [.init(data: "")]),
    ("data: a\n", [.init(data: "a")]),
    ("data: a\n\ndata: b", [.init(data: "a"), .init(data: "b")]),
    ("data: 你好 😀\n\n", [.init(data: "你好 😀")]),
  ]

  @Test(arguments: cases)
  func readsWhole(text: String, events: [ServerSentEvent]) throws {
    #expect(try Self.parse([Array(text.utf8)]) == events)
  }

  @Test(arguments: cases)
  func readsOneByteAtATime(text: String, events: [ServerSentEvent]) throws {
    #expect(try Self.parse(text.utf8.map { [$0] }) == events)
  }

  @Test func readsRandomSplits() throws {
    let seed = UInt64.random(in: 0...(.max))
    var random = SeededGenerator(seed: seed)
    for (text, events) in Self.cases {
      for _ in 0..<20 {
        var pieces: [[UInt8]] = [[]]
        for byte in text.utf8 {
          if Int.random(in: 0..<3, using: &random) == 0 { pieces.append([]) }
          pieces[pieces.count - 1].append(byte)
        }
        #expect(try Self.parse(pieces) == events, "seed \(seed)")
      }
    }
  }

  @Test func boundsSize() throws {
    var parser = ServerSentEventParser(sizeLimit: 8)
    _ = try parser.push(Array("data: ab".utf8))
    #expect(throws: ServerSentEventParser.TooLong.self) { try parser.push([0x63]) }
    var lines = ServerSentEventParser(sizeLimit: 8)
    #expect(throws: ServerSentEventParser.TooLong.self) { try lines.push(Array("data:abc\ndata:def\ndata:ghi\n".utf8)) }
  }

  @Test func encodes() throws {
    let event = ServerSentEvent(event: "status", data: "a\nb\r\nc\n", lastEventID: "7\n8")
    #expect(
      String(decoding: event.encoded(), as: UTF8.self)
        == "id: 78\nevent: status\ndata: a\ndata: b\ndata: c\ndata: \n\n")
    let back = try Self.parse([ServerSentEvent.comment("ping"), event.encoded()])
    #expect(back == [.init(event: "status", data: "a\nb\nc\n", lastEventID: "78")])
  }

  @Test func appendsWhatAServerStores() throws {
    var bytes: [UInt8] = []
    ServerSentEvent.append(id: "1", data: #"{"a":1}"#, to: &bytes)
    ServerSentEvent.append(id: "2", data: "a\rb\n\nc", to: &bytes)
    #expect(
      String(decoding: bytes, as: UTF8.self)
        == "id: 1\ndata: {\"a\":1}\n\nid: 2\ndata: a\ndata: b\ndata: \ndata: c\n\n")
    #expect(
      try Self.parse([bytes]) == [
        .init(data: #"{"a":1}"#, lastEventID: "1"), .init(data: "a\nb\n\nc", lastEventID: "2"),
      ])
  }

  private static func parse(_ pieces: [[UInt8]]) throws -> [ServerSentEvent] {
    var parser = ServerSentEventParser()
    var events: [ServerSentEvent] = []
    for piece in pieces { events += try parser.push(piece) }
    if let last = try parser.finish() { events.append(last) }
    return events
  }
}
