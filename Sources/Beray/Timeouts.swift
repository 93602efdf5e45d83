/// How long a client waits.
public struct Timeouts: Hashable, Sendable {
  /// The limit for opening a connection.
  public var connect: Duration
  /// The limit for a whole call without file content, retries included.
  public var metadata: Duration
  /// The limit for creating a task.
  public var creation: Duration
  /// The limit for a download to begin, for each ``progress`` bytes of it, and for an upload without movement.
  public var stall: Duration
  /// The longest silence on an event stream.
  public var streamIdle: Duration
  /// How many bytes a download must deliver within ``stall``.
  public var progress = 16 << 10

  /// - Parameter metadata: the limit for a call without file content; the other limits scale with it.
  public init(metadata: Duration = .seconds(10)) {
    self.connect = metadata / 2
    self.metadata = metadata
    self.creation = metadata
    self.stall = metadata * 3
    self.streamIdle = metadata * 6
  }
}
