/// A point in time: seconds and nanoseconds since 1970-01-01T00:00:00Z. It keeps the full precision that a server
/// sends.
public struct UTCTime: Hashable, Comparable, Sendable {
  public var seconds: Int64
  /// The nanoseconds after ``seconds``: 0 ..< 1,000,000,000, also before 1970.
  public var nanoseconds: Int32

  public init(seconds: Int64, nanoseconds: Int32 = 0) {
    self.seconds = seconds
    self.nanoseconds = nanoseconds
  }

  public static func < (a: Self, b: Self) -> Bool {
    (a.seconds, a.nanoseconds) < (b.seconds, b.nanoseconds)
  }
}
