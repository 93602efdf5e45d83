/// The dates of HTTP in their one current form, such as `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110 §5.6.7).
extension UTCTime {
  private static let weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
  private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

  /// Reads a date. The day of the week may be any word.
  package init?(httpDate text: String) {
    let parts = text.split(separator: " ")
    guard parts.count == 6, parts[5] == "GMT", let day = Self.number(parts[1], digits: 2),
      let month = Self.months.firstIndex(where: { $0 == parts[2] }), let year = Self.number(parts[3], digits: 4)
    else { return nil }
    let clock = parts[4].split(separator: ":", omittingEmptySubsequences: false).map { Self.number($0, digits: 2) }
    guard clock.count == 3, let hour = clock[0], let minute = clock[1], let second = clock[2], hour < 24, minute < 60,
      second <= 60, day >= 1, day <= Self.days(inMonth: month + 1, year: year)
    else { return nil }
    let days = Self.daysSinceEpoch(year: year, month: month + 1, day: day)
    self.init(seconds: days * 86_400 + Int64(hour * 3600 + minute * 60 + second))
  }

  /// The date without the fraction of the second; nil if the year does not fit the four digits of the form.
  package var httpDate: String? {
    let (days, second) = dayAndSecond
    let (year, month, day) = Self.civilDate(daysSinceEpoch: days)
    guard (1...9999).contains(year) else { return nil }
    // 1970-01-01 was a Thursday.
    let weekday = Int(((days + 4) % 7 + 7) % 7)
    let date = "\(Self.padded(day, 2)) \(Self.months[month - 1]) \(Self.padded(year, 4))"
    return "\(Self.weekdays[weekday]), \(date) \(Self.clock(second)) GMT"
  }

  private static func number(_ text: Substring, digits: Int) -> Int? {
    text.utf8.count == digits && text.utf8.allSatisfy { (48...57).contains($0) } ? Int(text) : nil
  }
}
