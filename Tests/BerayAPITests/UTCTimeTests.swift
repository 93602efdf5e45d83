import BerayAPI
import Testing

@Suite struct UTCTimeTests {
  static let second: Int64 = 1_767_323_045

  @Test(arguments: [
    ("2026-01-02T03:04:05Z", second, 0), ("2026-01-02 03:04:05", second, 0),
    ("2026-01-02T03:04:05.5", second, 500_000_000),
    ("2026-01-02T03:04:05.123456789123Z", second, 123_456_789), ("2026-01-02T05:04:05+02:00", second, 0),
    ("2026-01-01T21:34:05-0530", second, 0), ("2026-01-02T05:04:05+02", second, 0),
    ("2026-01-02t03:04:05,25z", second, 250_000_000),
    ("2026-01-02T03:04Z", second - 5, 0), ("2026-01-02", second - 11045, 0),
    ("1969-12-31T23:59:59.25Z", -1, 250_000_000),
    ("2000-02-29T00:00:00Z", 951_782_400, 0), ("1767323045", second, 0), ("1767323045.123456789", second, 123_456_789),
    ("1767323045123", second, 123_000_000), ("1767323045123456", second, 123_456_000),
    ("1767323045123456789", second, 123_456_789), ("1767323045123.5", second, 123_500_000), ("-1.5", -2, 500_000_000),
    ("0", 0, 0), ("1.767323045e9", second, 0),
    ("+12026-01-02T03:04:05Z", second + 315_569_520_000, 0), ("12026-01-02T03:04:05Z", second + 315_569_520_000, 0),
    ("+2026-01-02T03:04:05Z", second, 0), ("-0001-03-01T00:00:00Z", -62_193_657_600, 0),
  ])
  func reads(text: String, seconds: Int64, nanoseconds: Int32) {
    let time = UTCTime(seconds: seconds, nanoseconds: nanoseconds)
    #expect(UTCTime(text) == time)
    #expect(UTCTime(json: .string(text)) == time)
    if text.allSatisfy({ $0.isNumber || $0 == "." || $0 == "-" }) && text.count != 10 || text.hasPrefix("17") {
      #expect(UTCTime(json: .number(text)) == time)
    }
  }

  @Test(arguments: [
    "", "now", "2026-13-01", "2026-02-29", "2026-01-02T24:00:00", "2026-01-02T03:04:05 PST", "2026-1-2",
    "2026-01-02T03:04:05.Z", "1.2.3",
    "--1", "nan", "1e99", "2026-01-02T03:60", "+999999999999-01-01", "+026-01-02",
  ])
  func refuses(text: String) {
    #expect(UTCTime(text) == nil)
  }

  @Test func refusesWhatIsNoTime() {
    #expect(UTCTime(json: .null) == nil)
    #expect(UTCTime(json: true) == nil)
    #expect(UTCTime(json: ["a": 1]) == nil)
  }

  @Test(arguments: [
    (0, "2026-01-02T03:04:05Z"), (3, "2026-01-02T03:04:05.012Z"), (6, "2026-01-02T03:04:05.012345Z"),
    (9, "2026-01-02T03:04:05.012345678Z"),
  ])
  func writes(digits: Int, text: String) {
    #expect(UTCTime(seconds: Self.second, nanoseconds: 12_345_678).iso8601(fractionDigits: digits) == text)
  }

  @Test func writesWhatItReads() {
    let seed = UInt64.random(in: 0...(.max))
    var random = SeededGenerator(seed: seed)
    for _ in 0..<1000 {
      let time = UTCTime(
        seconds: .random(
          in: random.next() % 2 == 0 ? -99_999_999_999...999_999_999_999 : .min + 300_000 ... .max - 300_000,
          using: &random),
        nanoseconds: .random(in: 0..<1_000_000_000, using: &random))
      #expect(UTCTime(time.iso8601()) == time, "seed \(seed)")
    }
  }

  /// A file may have any time: an agent needs no more than `touch -d @67768036191676799`.
  @Test func everyTimeHasAnISOForm() {
    #expect(UTCTime(seconds: .max).iso8601(fractionDigits: 0) == "+292277026596-12-04T15:30:07Z")
    #expect(UTCTime(seconds: .min).iso8601(fractionDigits: 0) == "-292277022657-01-27T08:29:52Z")
    #expect(UTCTime(seconds: -1).iso8601(fractionDigits: 0) == "1969-12-31T23:59:59Z")
    #expect(UTCTime(seconds: -86_400).iso8601(fractionDigits: 0) == "1969-12-31T00:00:00Z")
  }

  @Test func nowGoesForward() {
    let before = UTCTime.now()
    #expect(before.seconds > 1_700_000_000)
    #expect(UTCTime.now() >= before)
  }
}
