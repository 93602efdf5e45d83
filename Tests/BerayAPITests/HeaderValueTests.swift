import BerayAPI
import Testing

@Suite struct HeaderValueTests {
  /// The table of RFC 9110 §8.8.3.2.
  @Test(arguments: [
    (#"W/"1""#, #"W/"1""#, false, true), (#"W/"1""#, #"W/"2""#, false, false), (#"W/"1""#, #""1""#, false, true),
    (#""1""#, #""1""#, true, true),
  ])
  func comparesTags(_ text: String, _ otherText: String, strongly: Bool, weakly: Bool) {
    let (tag, other) = (EntityTag(text), EntityTag(otherText))
    #expect(tag.stronglyMatches(other) == strongly)
    #expect(other.stronglyMatches(tag) == strongly)
    #expect(tag.weaklyMatches(other) == weakly)
    #expect(other.weaklyMatches(tag) == weakly)
  }

  @Test func makesTags() {
    #expect(EntityTag(value: "a-1", isWeak: false).text == #""a-1""#)
    #expect(EntityTag(value: "a-1", isWeak: true).text == #"W/"a-1""#)
    #expect(EntityTag(value: "a-1", isWeak: true).isWeak)
    #expect(!EntityTag(value: "W/", isWeak: false).isWeak)
  }

  @Test(arguments: [
    (#""a""#, true, true), ("*", true, true), (#""b", W/"c" ,"a""#, true, true), (#"W/"a""#, false, true),
    ("\"b\", \tW/\"a\"\t", false, true), (#""b""#, false, false), ("a", false, false), ("", false, false),
    (#""x,"a","y""#, false, false), (#""x,y","a""#, true, true), (#""*""#, false, false),
  ])
  func findsTagsInLists(_ header: String, strongly: Bool, weakly: Bool) {
    #expect(EntityTag(#""a""#).isListed(in: header, weakly: false) == strongly)
    #expect(EntityTag(#""a""#).isListed(in: header, weakly: true) == weakly)
    #expect(EntityTag(#"W/"a""#).isListed(in: header, weakly: true) == weakly)
    #expect(EntityTag(#"W/"a""#).isListed(in: header, weakly: false) == (header == "*"))
  }

  @Test(arguments: [
    ("bytes=0-0", RangeHeader.from(0, through: 0)), ("bytes=5-14", .from(5, through: 14)),
    ("bytes=7-", .from(7, through: nil)), ("bytes=-3", .suffix(3)), ("bytes=-0", .suffix(0)),
  ])
  func rangesAreReadAsWritten(_ text: String, _ range: RangeHeader) {
    #expect(RangeHeader(text) == range)
    #expect(range.text == text)
  }

  @Test func rangesHaveNumbersOfAnyLength() {
    #expect(RangeHeader("bytes=99999999999999999999-") == .from(.max, through: nil))
    #expect(RangeHeader("bytes=0-99999999999999999999") == .from(0, through: .max))
    #expect(RangeHeader("bytes=-99999999999999999999") == .suffix(.max))
  }

  @Test(arguments: [
    "", "bytes", "bytes=", "bytes=-", "bytes=4-2", "bytes=+1-2", "bytes=0-1,3-4", "bytes=1--2", "bytes= 1-2",
    "lines=1-2", "bytes=99999999999999999999-5", "bytes=\u{661}-",
  ])
  func refusesRanges(_ text: String) {
    #expect(RangeHeader(text) == nil)
  }

  @Test(arguments: [
    ("bytes 0-99/1234", ContentRange(offset: 0, last: 99, size: 1234)),
    ("bytes 5-5/*", ContentRange(offset: 5, last: 5, size: nil)),
  ])
  func partsAreReadAsWritten(_ text: String, _ part: ContentRange) {
    #expect(ContentRange(text) == part)
    #expect(part.text == text)
  }

  @Test(arguments: ["", "bytes 0-99", "bytes 9-5/10", "bytes 5/10", "bytes -1-5/10", "lines 0-1/2", "bytes 0-x/2"])
  func refusesParts(_ text: String) {
    #expect(ContentRange(text) == nil)
  }

  @Test func aRangeBeyondTheEndIsNoPart() {
    #expect(ContentRange.unsatisfied(size: 10) == "bytes */10")
    #expect(ContentRange("bytes */10") == nil)
  }
}
