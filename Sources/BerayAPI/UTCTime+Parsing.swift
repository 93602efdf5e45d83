extension UTCTime {
  /// Reads a time from a JSON answer: ISO 8601, or the seconds, milliseconds, microseconds or nanoseconds since 1970,
  /// as a number or a string.
  public init?(json: JSON) {
    switch json {
    case .number(let text): self.init(epoch: text)
    case .string(let text): self.init(text)
    default: return nil
    }
  }

  /// Reads ISO 8601, or a number as ``init(epoch:)`` does. Beside RFC 3339 it accepts a space for the `T`, missing
  /// seconds, `+hhmm`, and a missing zone, which means UTC.
  public init?(_ text: String) {
    if let time = Self.parseISO8601(text) { self = time } else { self.init(epoch: text) }
  }

  /// Reads the time since 1970 as a decimal number. Its magnitude determines the unit: up to 11 digits before the point
  /// are seconds, up to 14 milliseconds, up to 17 microseconds, and more are nanoseconds.
  public init?(epoch text: String) {
    guard let number = DecimalNumber(text) else { return nil }
    let whole = number.whole.magnitude
    let unit: Int128 =
      whole < 100_000_000_000
      ? 1_000_000_000
      : whole < 100_000_000_000_000 ? 1_000_000 : whole < 100_000_000_000_000_000 ? 1_000 : 1
    var total = Int128(number.whole) * unit + Int128(number.billionths) * unit / 1_000_000_000
    if number.isNegative { total = -total }
    let (seconds, rest) = total.quotientAndRemainder(dividingBy: 1_000_000_000)
    self.init(
      seconds: Int64(rest < 0 ? seconds - 1 : seconds), nanoseconds: Int32(rest < 0 ? rest + 1_000_000_000 : rest))
  }

  private static func parseISO8601(_ text: String) -> UTCTime? {
    var reader = DigitReader(text)
    guard let year = reader.year(), reader.take("-"), let month = reader.number(2), reader.take("-"),
      let day = reader.number(2), (1...12).contains(month), day >= 1, day <= days(inMonth: month, year: year)
    else { return nil }
    let (midnight, isTooFar) = daysSinceEpoch(year: year, month: month, day: day).multipliedReportingOverflow(
      by: 86_400)
    // Leaves room to add the time of day and the zone without overflow.
    guard !isTooFar, (Int64.min + 200_000...Int64.max - 200_000).contains(midnight) else { return nil }
    var seconds = midnight
    if reader.isAtEnd { return UTCTime(seconds: seconds) }
    guard reader.take("T") || reader.take("t") || reader.take(" "), let hour = reader.number(2), reader.take(":"),
      let minute = reader.number(2), hour < 24, minute < 60
    else { return nil }
    seconds += Int64(hour * 3600 + minute * 60)
    var nanoseconds: Int32 = 0
    if reader.take(":") {
      guard let second = reader.number(2), second <= 60 else { return nil }
      seconds += Int64(second)
      if reader.take(".") || reader.take(",") {
        guard let billionths = reader.fraction() else { return nil }
        nanoseconds = billionths
      }
    }
    guard let offset = reader.zone(), reader.isAtEnd else { return nil }
    return UTCTime(seconds: seconds - Int64(offset), nanoseconds: nanoseconds)
  }
}

/// Reads fixed-width digits from text.
private struct DigitReader {
  private let bytes: [UInt8]
  private var position = 0

  init(_ text: String) { bytes = Array(text.utf8) }

  var isAtEnd: Bool { position == bytes.count }

  mutating func take(_ scalar: Unicode.Scalar) -> Bool {
    guard !isAtEnd, bytes[position] == UInt8(ascii: scalar) else { return false }
    position += 1
    return true
  }

  mutating func number(_ width: Int) -> Int? {
    var value = 0
    for _ in 0..<width {
      guard let digit = digit() else { return nil }
      value = value * 10 + Int(digit)
    }
    return value
  }

  /// Reads four digits, or a sign and four or more digits.
  mutating func year() -> Int? {
    let isNegative = take("-")
    let isSigned = take("+") || isNegative
    guard var value = number(4) else { return nil }
    var count = 4
    while isSigned || count < 5, count < 12, let digit = digit() {
      value = value * 10 + Int(digit)
      count += 1
    }
    return isNegative ? -value : value
  }

  /// Reads the digits after a point as billionths. Further digits are cut off. Nil if there are no digits.
  mutating func fraction() -> Int32? {
    guard var value = digit().map({ Int32($0) }) else { return nil }
    var width = 1
    while let digit = digit() {
      if width < 9 {
        value = value * 10 + Int32(digit)
        width += 1
      }
    }
    while width < 9 {
      value *= 10
      width += 1
    }
    return value
  }

  /// Reads the zone in seconds east of UTC; 0 if there is no zone.
  mutating func zone() -> Int? {
    if isAtEnd || take("Z") || take("z") { return 0 }
    let isEast = take("+")
    guard isEast || take("-"), let hours = number(2), hours < 24 else { return nil }
    var minutes = 0
    if !isAtEnd {
      _ = take(":")
      guard let value = number(2), value < 60 else { return nil }
      minutes = value
    }
    let offset = hours * 3600 + minutes * 60
    return isEast ? offset : -offset
  }

  private mutating func digit() -> UInt8? {
    guard !isAtEnd, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[position]) else { return nil }
    position += 1
    return bytes[position - 1] - UInt8(ascii: "0")
  }
}

/// A decimal number to the billionth. A Double cannot represent seconds since 1970 so precisely.
private struct DecimalNumber {
  var whole: Int64
  var billionths: Int32
  var isNegative: Bool

  init?(_ text: String) {
    isNegative = text.utf8.first == UInt8(ascii: "-")
    let digits = text.dropFirst(isNegative ? 1 : 0)
    guard let first = digits.utf8.first, (48...57).contains(first) else { return nil }
    let parts = digits.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
    if let whole = Int64(parts[0]) {
      self.whole = whole
      billionths = 0
      if parts.count == 1 { return }
      var reader = DigitReader(String(parts[1]))
      if let fraction = reader.fraction(), reader.isAtEnd {
        billionths = fraction
        return
      }
    }
    // With an exponent, such as 1.7e9.
    guard let value = Double(String(digits)), value < 9e18 else { return nil }
    whole = Int64(value)
    billionths = Int32((value - value.rounded(.down)) * 1e9)
  }
}
