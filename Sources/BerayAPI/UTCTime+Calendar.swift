#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

extension UTCTime {
  /// The current time of the system's real-time clock, `clock_gettime(2)`.
  public static func now() -> UTCTime {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return UTCTime(seconds: Int64(time.tv_sec), nanoseconds: Int32(time.tv_nsec))
  }

  /// ISO 8601 in UTC, such as `2026-01-02T03:04:05.678Z`. A year after 9999 or before 0 has a sign:
  /// `+12026-01-02T03:04:05Z`.
  /// - Parameter fractionDigits: the number of fraction digits, 0...9. Further digits are cut off.
  public func iso8601(fractionDigits: Int = 9) -> String {
    let (days, second) = dayAndSecond
    let (year, month, day) = Self.civilDate(daysSinceEpoch: days)
    let sign = year < 0 ? "-" : year > 9999 ? "+" : ""
    var text = "\(sign)\(Self.padded(abs(year), 4))-\(Self.padded(month, 2))-\(Self.padded(day, 2))"
    text += "T\(Self.clock(second))"
    if fractionDigits > 0 { text += "." + Self.padded(Int(nanoseconds), 9).prefix(fractionDigits) }
    return text + "Z"
  }

  /// The days since 1970-01-01, and the seconds since their midnight.
  var dayAndSecond: (days: Int64, second: Int) {
    // Rounded down, and without a step that could overflow, because a file's time may be any number.
    let remainder = seconds % 86_400
    return (seconds / 86_400 - (remainder < 0 ? 1 : 0), Int(remainder < 0 ? remainder + 86_400 : remainder))
  }

  /// The time of day, such as `08:49:37`.
  static func clock(_ second: Int) -> String {
    "\(padded(second / 3600, 2)):\(padded(second / 60 % 60, 2)):\(padded(second % 60, 2))"
  }

  static func padded(_ value: Int, _ width: Int) -> String {
    let digits = String(value)
    return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
  }

  static func days(inMonth month: Int, year: Int) -> Int {
    switch month {
    case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }

  /// Days from 1970-01-01 to a date of the proleptic Gregorian calendar. The computation begins the year in March, so
  /// that the leap day comes last. An era of 400 years has 146,097 days.
  static func daysSinceEpoch(year: Int, month: Int, day: Int) -> Int64 {
    let year = month <= 2 ? year - 1 : year
    let era = (year >= 0 ? year : year - 399) / 400
    let yearOfEra = year - era * 400
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    return Int64(era * 146_097 + dayOfEra - 719_468)
  }

  /// The inverse of ``daysSinceEpoch(year:month:day:)``.
  static func civilDate(daysSinceEpoch days: Int64) -> (year: Int, month: Int, day: Int) {
    let shifted = Int(days) + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let marchMonth = (5 * dayOfYear + 2) / 153
    let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * marchMonth + 2) / 5 + 1)
  }
}
