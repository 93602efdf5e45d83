/// What an archive tells of one of its entries.
public struct ZipEntry: Hashable, Sendable {
  public enum Kind: Hashable, Sendable {
    case file
    case directory
    case symbolicLink
    case other
  }

  /// The name as the archive has it, byte for byte: it may be absolute, hold `..`, or be no UTF-8. The reader checks nothing.
  public var nameBytes: [UInt8]
  public var kind: Kind
  /// Bytes, uncompressed; nil if the archive does not tell before the data.
  public var size: Int64?
  /// Permission bits.
  public var mode: UInt16
  /// Whole seconds since 1970-01-01T00:00:00Z, which is all that the format carries.
  public var modified: Int64

  /// The name, or nil if it is no UTF-8.
  public var name: String? { String(validating: nameBytes, as: UTF8.self) }

  public init(nameBytes: [UInt8], kind: Kind, size: Int64?, mode: UInt16, modified: Int64) {
    self.nameBytes = nameBytes
    self.kind = kind
    self.size = size
    self.mode = mode
    self.modified = modified
  }

  public init(name: String, kind: Kind, size: Int64?, mode: UInt16, modified: Int64) {
    self.init(nameBytes: Array(name.utf8), kind: kind, size: size, mode: mode, modified: modified)
  }
}

/// Why an archive could not be read or written.
public enum ZipError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What libarchive said, such as `Truncated ZIP file data`.
  case malformed(String)
  /// The entries hold more bytes than the reader was told to accept.
  case tooLarge(limit: Int)
  /// Memory, or a call that libarchive refused.
  case failed(String)

  public var description: String {
    switch self {
    case .malformed(let reason): "not a readable ZIP archive: \(reason)"
    case .tooLarge(let limit): "the archive holds more than \(limit) bytes"
    case .failed(let reason): "the archive could not be written: \(reason)"
    }
  }
}
