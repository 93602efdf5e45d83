/// Limits for numbers from servers. They are enforced on decoding, so that sums cannot overflow.
public enum ServerNumber {
  /// The largest file size and offset in bytes: 1 PiB.
  public static let largestSize: Int64 = 1 << 50
  /// The longest wait that a server may ask for, in seconds.
  public static let longestWait = 60

  /// A size or offset in bytes; nil if it is negative or too large.
  public static func size(_ value: Int64?) -> Int64? {
    value.flatMap { (0...largestSize).contains($0) ? $0 : nil }
  }

  /// A size or offset written in decimal digits, as in a header.
  public static func size(_ text: some StringProtocol) -> Int64? {
    isDigits(text) ? size(Int64(text)) : nil
  }

  /// The seconds in `Retry-After` (RFC 9110 §10.2.3), at most ``longestWait``. Nil if it is not a number.
  public static func wait(_ text: some StringProtocol) -> Int? {
    isDigits(text) ? min(Int(text) ?? longestWait, longestWait) : nil
  }

  private static func isDigits(_ text: some StringProtocol) -> Bool {
    !text.isEmpty && text.utf8.allSatisfy { (48...57).contains($0) }
  }
}
