/// The bounds of numbers that servers send. Each is held to them where it is decoded, so that sums of them are safe.
public enum ServerNumber {
  /// The largest size of a file, and the largest place within one, in bytes: 1 PiB.
  public static let largestSize: Int64 = 1 << 50
  /// The most seconds that a server may ask to wait.
  public static let longestWait = 60

  /// A size or a place in bytes; nil if it cannot be one.
  public static func size(_ value: Int64?) -> Int64? {
    value.flatMap { (0...largestSize).contains($0) ? $0 : nil }
  }

  /// The same in decimal digits, as headers have it.
  public static func size(_ text: some StringProtocol) -> Int64? {
    isDigits(text) ? size(Int64(text)) : nil
  }

  /// The seconds of `Retry-After` (RFC 9110 §10.2.3), of a larger number ``longestWait``; nil if it is no number.
  public static func wait(_ text: some StringProtocol) -> Int? {
    isDigits(text) ? min(Int(text) ?? longestWait, longestWait) : nil
  }

  private static func isDigits(_ text: some StringProtocol) -> Bool {
    !text.isEmpty && text.utf8.allSatisfy { (48...57).contains($0) }
  }
}
