import BerayAPI
import Testing

@testable import BerayServer

/// A file may have any time: an agent needs no more than `touch -d @67768036191676799`.
@Suite struct TimeTests {
  @Test(arguments: [
    (0, "Thu, 01 Jan 1970 00:00:00 GMT"), (-62_135_596_800, "Mon, 01 Jan 0001 00:00:00 GMT"),
    (-62_135_596_801, nil), (253_402_300_799, "Fri, 31 Dec 9999 23:59:59 GMT"), (253_402_300_800, nil),
    (67_768_036_191_676_799, nil), (Int64.max, nil), (Int64.min, nil),
  ])
  func aDateHasAYearOfFourDigitsOrIsNotTold(_ seconds: Int64, _ text: String?) {
    #expect(HTTPDate.text(of: UTCTime(seconds: seconds)) == text)
  }

  @Test func everyTimeHasAnISOForm() {
    #expect(UTCTime(seconds: .max).iso8601(fractionDigits: 0) == "+292277026596-12-04T15:30:07Z")
    #expect(UTCTime(seconds: .min).iso8601(fractionDigits: 0) == "-292277022657-01-27T08:29:52Z")
    #expect(UTCTime(seconds: -1).iso8601(fractionDigits: 0) == "1969-12-31T23:59:59Z")
    #expect(UTCTime(seconds: -86_400).iso8601(fractionDigits: 0) == "1969-12-31T00:00:00Z")
  }
}
