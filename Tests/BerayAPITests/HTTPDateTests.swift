import BerayAPI
import Testing

@Suite struct HTTPDateTests {
  @Test(arguments: [
    (0, "Thu, 01 Jan 1970 00:00:00 GMT"), (-62_135_596_800, "Mon, 01 Jan 0001 00:00:00 GMT"),
    (-62_135_596_801, nil), (253_402_300_799, "Fri, 31 Dec 9999 23:59:59 GMT"), (253_402_300_800, nil),
    (67_768_036_191_676_799, nil), (Int64.max, nil), (Int64.min, nil),
    (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"), (-1, "Wed, 31 Dec 1969 23:59:59 GMT"),
    (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"),
  ])
  func aDateHasAYearOfFourDigitsOrIsNotTold(_ seconds: Int64, _ text: String?) {
    let time = UTCTime(seconds: seconds)
    #expect(time.httpDate == text)
    if let text { #expect(UTCTime(httpDate: text) == time) }
  }

  @Test func aFractionIsCutOff() {
    #expect(UTCTime(seconds: -1, nanoseconds: 999_999_999).httpDate == "Wed, 31 Dec 1969 23:59:59 GMT")
  }

  @Test(arguments: [
    "", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 +0200", "Sun, 6 Nov 1994 08:49:37 GMT",
    "Sun, 06 nov 1994 08:49:37 GMT", "Sun, 06 Nov 94 08:49:37 GMT", "Sun, 31 Nov 1994 08:49:37 GMT",
    "Sun, 00 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:49:37 GMT", "Sun, 06 Nov 1994 08:49 GMT",
    "Sun, 06 Nov 1994 08:+9:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994",
  ])
  func refuses(_ text: String) {
    #expect(UTCTime(httpDate: text) == nil)
  }
}
