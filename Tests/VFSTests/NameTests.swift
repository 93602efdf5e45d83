import Testing
import VFS

@Suite struct NameTests {
  @Test func namesAreTheirBytes() {
    let composed: Name = "caf\u{e9}"
    let decomposed: Name = "cafe\u{301}"
    #expect(composed.string == decomposed.string)
    #expect(composed != decomposed)
    #expect(Set([composed, decomposed, "caf\u{e9}"]).count == 2)
  }

  @Test func orderIsThatOfBytes() {
    let names: [Name] = ["b", "a", "\u{e9}", "Z", "", "ab"]
    #expect(names.sorted() == ["", "Z", "a", "ab", "b", "\u{e9}"])
  }
}

@Suite struct TimestampTests {
  @Test func nanosecondsCountForwardBefore1970Too() {
    #expect(Timestamp(seconds: -1, nanoseconds: 999_999_999) < Timestamp(seconds: 0))
    #expect(Timestamp(seconds: -1, nanoseconds: 1) < Timestamp(seconds: -1, nanoseconds: 2))
  }
}
