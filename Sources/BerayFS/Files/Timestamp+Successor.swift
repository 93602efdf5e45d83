import VFS

extension Timestamp {
  /// The next moment that can be told apart.
  var successor: Timestamp {
    nanoseconds < 999_999_999
      ? Timestamp(seconds: seconds, nanoseconds: nanoseconds + 1) : Timestamp(seconds: seconds + 1)
  }

  /// The later of both, and in any case later than this.
  func moved(to now: Timestamp) -> Timestamp { now > self ? now : successor }
}
