/// The metadata of an entry in an archive.
package struct ZipEntry: Hashable, Sendable {
  package enum Kind: Hashable, Sendable {
    case file
    case directory
    case symbolicLink
    case other
  }

  /// The name as it is in the archive, byte for byte. The reader does not check it: it may be absolute, contain `..`,
  /// or not be UTF-8.
  package var nameBytes: [UInt8]
  package var kind: Kind
  /// The uncompressed size in bytes; nil if the archive gives it only after the data.
  package var size: Int64?
  /// Permission bits.
  package var mode: UInt16
  /// Whole seconds since 1970-01-01T00:00:00Z. The format has no fractions of a second.
  package var modified: Int64

  /// The name; nil if it is not UTF-8.
  package var name: String? { String(validating: nameBytes, as: UTF8.self) }

  package init(nameBytes: [UInt8], kind: Kind, size: Int64?, mode: UInt16, modified: Int64) {
    self.nameBytes = nameBytes
    self.kind = kind
    self.size = size
    self.mode = mode
    self.modified = modified
  }

  package init(name: String, kind: Kind, size: Int64?, mode: UInt16, modified: Int64) {
    self.init(nameBytes: Array(name.utf8), kind: kind, size: size, mode: mode, modified: modified)
  }
}

/// Why an archive could not be read or written.
package enum ZipError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The message of libarchive, such as `Truncated ZIP file data`.
  case malformed(String)
  /// The entries have more bytes than the reader's limit.
  case tooLarge(limit: Int)
  /// There is no memory, or libarchive refused a call.
  case failed(String)

  package var description: String {
    switch self {
    case .malformed(let reason): "not a readable ZIP archive: \(reason)"
    case .tooLarge(let limit): "the archive holds more than \(limit) bytes"
    case .failed(let reason): "the archive could not be written: \(reason)"
    }
  }
}
