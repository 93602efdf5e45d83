import BerayAPI
import Testing

@Suite struct JSONTests {
  @Test func keepsOrderAndDigits() throws {
    let text = #"{"b":1.50,"a":[1e9,-0,12345678901234567890],"":null,"t":true,"f":false}"#
    #expect(try JSON(parsing: text).serialized() == text)
  }

  @Test func readsWhitespaceAndByteOrderMark() throws {
    let bytes: [UInt8] = [0xEF, 0xBB, 0xBF] + Array(" \r\n\t{ \"a\" : [ 1 , 2 ] , \"b\" : { } , \"c\":[ ]} \n".utf8)
    #expect(try JSON(parsing: bytes) == ["a": [1, 2], "b": .object([]), "c": []])
  }

  @Test(arguments: [
    (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{c}\n\r\t"), (#""\u00e9\u4F60""#, "é你"), (#""x\ud83d\ude00y""#, "x😀y"),
    (#""\ud83d""#, "\u{FFFD}"), (#""\ude00a""#, "\u{FFFD}a"), (#""\ud83d\u0041""#, "\u{FFFD}A"),
    (#""\ud83d\n""#, "\u{FFFD}\n"),
    (#""\u0000""#, "\0"), ("\"\u{7f}\"", "\u{7f}"),
  ])
  func readsStrings(text: String, value: String) throws {
    let read = try JSON(parsing: text).stringValue
    #expect(read.map { Array($0.unicodeScalars) } == Array(value.unicodeScalars))
  }

  @Test func repairsBytesThatAreNoUTF8() throws {
    #expect(try JSON(parsing: [0x22, 0x61, 0xFF, 0x62, 0x22]) == "a\u{FFFD}b")
  }

  @Test(arguments: [
    ("", JSONError.Reason.unexpectedEnd, 0), ("[1,", .unexpectedEnd, 3), ("[1,]", .unexpectedByte(0x5D), 3),
    ("{\"a\":1,}", .unexpectedByte(0x7D), 7), ("{a:1}", .unexpectedByte(0x61), 1), ("nul", .unexpectedEnd, 3),
    ("\"a\nb\"", .controlCharacter(10), 2), (#""\x""#, .badEscape, 2), (#""\u00g0""#, .badEscape, 5),
    ("01", .trailingBytes, 1),
    ("-", .badNumber, 1), ("1.", .badNumber, 2), ("1e+", .badNumber, 3), ("+1", .unexpectedByte(0x2B), 0),
    ("1 2", .trailingBytes, 2), ("\"abc", .unexpectedEnd, 4), ("[1 2]", .unexpectedByte(0x32), 3),
    ("NaN", .unexpectedByte(0x4E), 0),
  ])
  func refuses(text: String, reason: JSONError.Reason, offset: Int) {
    #expect(throws: JSONError(reason, offset: offset)) { try JSON(parsing: text) }
  }

  @Test func boundsDepth() throws {
    let deepest = String(repeating: "[", count: 512) + String(repeating: "]", count: 512)
    #expect(try JSON(parsing: deepest).serialized() == deepest)
    #expect(throws: JSONError(.tooDeep, offset: 512)) { try JSON(parsing: "[" + deepest + "]") }
  }

  @Test func writesOneLineOrIndented() {
    let value: JSON = ["a": "x\n\u{1b}\"\\\u{7f}é", "b": [1, true, .null], "c": [], "d": .object([])]
    #expect(value.serialized() == #"{"a":"x\n\u001b\"\\\u007fé","b":[1,true,null],"c":[],"d":{}}"#)
    #expect(
      (["a": [1, ["b": 2]], "c": []] as JSON).serialized(pretty: true)
        == "{\n  \"a\": [\n    1,\n    {\n      \"b\": 2\n    }\n  ],\n  \"c\": []\n}")
  }

  @Test func writesBytesAsItWritesValues() throws {
    let text = "\0\u{8}\t\n\u{c}\r\u{1b}\"\\/\u{7f}é😀"
    var bytes = JSONBytes()
    bytes.raw("[")
    bytes.string(text)
    bytes.raw(",")
    bytes.number(.min)
    bytes.raw(",")
    bytes.string("")
    bytes.raw("]")
    let value: JSON = [.string(text), JSON(Int64.min), ""]
    #expect(bytes.bytes == value.serializedBytes())
    #expect(try JSON(parsing: bytes.bytes) == value)
  }

  @Test func readsValues() throws {
    let json = try JSON(
      parsing: #"{"a":1,"a":2,"n":7.0,"q":"7","big":9223372036854775808,"h":1.5,"e":2e3,"p":"+7","i":"inf"}"#)
    #expect(json["a"]?.intValue == 2)
    #expect(json["n"]?.intValue == 7)
    #expect(json["q"]?.intValue == 7)
    #expect(json["big"]?.intValue == nil)
    #expect(json["h"]?.intValue == nil)
    #expect(json["h"]?.doubleValue == 1.5)
    #expect(json["e"]?.intValue == 2000)
    #expect(json["p"]?.intValue == nil)
    #expect(json["i"]?.doubleValue == nil)
    #expect(json["missing"] == nil)
    #expect(JSON.string("x")["a"] == nil)
  }

  @Test func roundTripsRandomValues() throws {
    let seed = UInt64.random(in: 0...(.max))
    var random = SeededGenerator(seed: seed)
    for _ in 0..<300 {
      let value = Self.randomValue(depth: 4, &random)
      #expect(try JSON(parsing: value.serialized()) == value, "seed \(seed)")
      #expect(try JSON(parsing: value.serialized(pretty: true)) == value, "seed \(seed)")
      #expect(!value.serializedBytes().contains { $0 < 0x20 }, "seed \(seed)")
    }
  }

  private static func randomValue(depth: Int, _ random: inout SeededGenerator) -> JSON {
    switch Int.random(in: 0..<(depth > 0 ? 6 : 4), using: &random) {
    case 0: .null
    case 1: .bool(.random(using: &random))
    case 2: .number(String(Int64.random(in: -1000...(.max), using: &random)))
    case 3: .string(randomText(&random))
    case 4: .array((0..<Int.random(in: 0..<4, using: &random)).map { _ in randomValue(depth: depth - 1, &random) })
    default:
      .object(
        (0..<Int.random(in: 0..<4, using: &random)).map { _ in
          JSON.Member(randomText(&random), randomValue(depth: depth - 1, &random))
        })
    }
  }

  private static func randomText(_ random: inout SeededGenerator) -> String {
    var text = ""
    for _ in 0..<Int.random(in: 0..<8, using: &random) {
      let range: ClosedRange<UInt32> = Bool.random(using: &random) ? 0...0x7F : 0...0x1F600
      if let scalar = Unicode.Scalar(UInt32.random(in: range, using: &random)) { text.unicodeScalars.append(scalar) }
    }
    return text
  }
}

/// SplitMix64, so that a failing seed can be run again.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
    return value ^ (value >> 31)
  }
}
