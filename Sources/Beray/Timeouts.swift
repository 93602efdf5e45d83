/// How long a client waits.
public struct Timeouts: Hashable, Sendable {
  /// For a connection.
  public var connect: Duration
  /// For the whole of a call that carries no file, its retries included.
  public var metadata: Duration
  /// For the answer to the creation of a task.
  public var creation: Duration
  /// For a download to begin, and for each ``progress`` bytes of it; for an upload to move at all.
  public var stall: Duration
  /// For any byte of an event stream.
  public var streamIdle: Duration
  /// Bytes that a download must give within ``stall``.
  public var progress = 16 << 10

  /// - Parameter metadata: the others keep their proportion to it.
  public init(metadata: Duration = .seconds(10)) {
    self.connect = metadata / 2
    self.metadata = metadata
    self.creation = metadata
    self.stall = metadata * 3
    self.streamIdle = metadata * 6
  }
}
