package import SystemPackage

/// A name that is refused before any operation sees it.
package enum UnusableName: Sendable, Hashable {
  /// The bytes of the name, with those that are not ASCII escaped as in `\xe9`.
  case notUTF8(escaped: String)
  /// The name is too long. The value is its length in bytes.
  case tooLong(Int)

  /// Describes `bytes` that are not UTF-8.
  package init(notUTF8 bytes: some Sequence<UInt8>) {
    self = .notUTF8(
      escaped: bytes.map { byte in
        byte < 0x80 ? String(UnicodeScalar(byte)) : "\\x" + String(byte, radix: 16)
      }.joined())
  }

  package var errno: Errno {
    switch self {
    case .notUTF8: .illegalByteSequence
    case .tooLong: .fileNameTooLong
    }
  }
}
