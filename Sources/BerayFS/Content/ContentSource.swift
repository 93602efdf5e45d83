import SystemPackage
import VFS
import Waiting

/// Where the bytes of a file come from. All of them are always of one content.
enum ContentSource {
  /// The server has them.
  case remote(RemoteContent)
  /// What programs wrote, while it differs from what the server has.
  case written(WriteBuffer)

  static var untouched: ContentSource { .remote(RemoteContent()) }

  var buffer: WriteBuffer? {
    if case .written(let buffer) = self { buffer } else { nil }
  }

  var remote: RemoteContent? {
    if case .remote(let remote) = self { remote } else { nil }
  }

  /// Changes what is known of the server's content. Returns nil if programs wrote another.
  @discardableResult
  mutating func changeRemote<Value>(_ body: (inout RemoteContent) -> Value) -> Value? {
    guard case .remote(var remote) = self else { return nil }
    // Nobody else refers to it meanwhile.
    self = .untouched
    defer { self = .remote(remote) }
    return body(&remote)
  }
}

/// How a content comes that the server has.
struct RemoteContent {
  /// What brings bytes.
  enum Transfer {
    case none
    /// All of a small content, alone or with others.
    case whole(Flight<[InodeID: [UInt8]], Errno>)
    /// Large content that is read in parts.
    case ranges(RangeReader)
    /// Large content that comes as one stream.
    case stream(StreamReader)
  }

  private(set) var transfer = Transfer.none
  /// The size on its way.
  private(set) var sizing: Flight<Void, Errno>?

  var isIdle: Bool {
    if case .none = transfer { sizing == nil } else { false }
  }

  var whole: Flight<[InodeID: [UInt8]], Errno>? {
    if case .whole(let flight) = transfer { flight } else { nil }
  }

  var ranges: RangeReader? {
    if case .ranges(let reader) = transfer { reader } else { nil }
  }

  var stream: StreamReader? {
    if case .stream(let reader) = transfer { reader } else { nil }
  }

  // MARK: - Events

  /// Begins to fetch the whole content, unless that is under way or the content comes as a stream.
  mutating func begins(whole flight: Flight<[InodeID: [UInt8]], Errno>) -> Bool {
    guard whole == nil, stream == nil else { return false }
    transfer = .whole(flight)
    return true
  }

  mutating func ended(whole flight: Flight<[InodeID: [UInt8]], Errno>) {
    if whole === flight { transfer = .none }
  }

  /// It is read in parts, unless it comes as a stream already.
  mutating func begins(ranges reader: RangeReader) -> Bool {
    guard stream == nil else { return false }
    transfer = .ranges(reader)
    return true
  }

  /// It comes as a stream, unless it does so already.
  mutating func begins(stream reader: StreamReader) -> Bool {
    guard stream == nil else { return false }
    transfer = .stream(reader)
    return true
  }

  mutating func ended(stream reader: StreamReader) {
    if stream === reader { transfer = .none }
  }

  /// What was known of the parts is of another version.
  mutating func dropRanges() {
    if ranges != nil { transfer = .none }
  }

  /// The last handle was closed. Returns the stream that has to end.
  mutating func closed() -> StreamReader? {
    let stream = stream
    if stream != nil || ranges != nil { transfer = .none }
    return stream
  }

  mutating func begins(sizing flight: Flight<Void, Errno>) { sizing = flight }

  mutating func ended(sizing flight: Flight<Void, Errno>) {
    if sizing === flight { sizing = nil }
  }
}
