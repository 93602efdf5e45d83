public import SystemPackage

/// A name that no operation gets to see.
public enum UnusableName: Sendable, Hashable {
  /// Its bytes, those that are not ASCII as `\xe9`.
  case notUTF8(escaped: String)
  /// It has so many bytes.
  case tooLong(Int)

  /// For `bytes` that are not UTF-8.
  public init(notUTF8 bytes: some Sequence<UInt8>) {
    self = .notUTF8(
      escaped: bytes.map { byte in
        byte < 0x80 ? String(UnicodeScalar(byte)) : "\\x" + String(byte, radix: 16)
      }.joined())
  }

  public var errno: Errno {
    switch self {
    case .notUTF8: .illegalByteSequence
    case .tooLong: .fileNameTooLong
    }
  }
}
