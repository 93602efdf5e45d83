/// An entry of a task's work directory, as a server told it.
public struct FileEntry: Hashable, Sendable {
  public enum Kind: Hashable, Sendable {
    case file
    case directory
    case symbolicLink
    /// A FIFO, a socket, a device, or a type that this client does not know.
    case other
  }

  /// The last component of the path, unchecked: a server may send anything.
  public var name: String
  public var kind: Kind
  /// Bytes; nil if the server does not tell.
  public var size: Int64?
  public var modified: UTCTime?
  /// Permission bits.
  public var mode: UInt16?
  /// The version of the content where the server tells one in its listing.
  public var etag: String?
  /// Where a symbolic link points.
  public var target: String?
  /// What is in a directory, where the answer had it; nil if it is not known.
  public var children: [FileEntry]?
  /// The entry as it came; where only what is in a directory came, its name and type. Null beneath another entry, which
  /// has it, and where the whole subtree was asked for or the listing is long.
  public var raw: JSON

  public init(
    name: String, kind: Kind, size: Int64? = nil, modified: UTCTime? = nil, mode: UInt16? = nil, etag: String? = nil,
    target: String? = nil, children: [FileEntry]? = nil, raw: JSON = .null
  ) {
    self.name = name
    self.kind = kind
    self.size = size
    self.modified = modified
    self.mode = mode
    self.etag = etag
    self.target = target
    self.children = children
    self.raw = raw
  }
}
