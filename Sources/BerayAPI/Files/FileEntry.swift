/// An entry of a task's work directory, as the server described it.
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
  /// The size in bytes; nil if the server does not send it.
  public var size: Int64?
  public var modified: UTCTime?
  /// The permission bits.
  public var mode: UInt16?
  /// The version of the content, if the listing contains it.
  public var etag: String?
  /// The target of a symbolic link.
  public var target: String?
  /// The entries of a directory; nil if the answer did not contain them.
  public var children: [FileEntry]?
  /// The entry as received. A directory that only appeared in the paths of its content has a name and type. Null for
  /// nested children, for a whole subtree, and for a long listing.
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
