/// Why bytes are not a JSON text (RFC 8259).
public struct JSONError: Error, Hashable, Sendable, CustomStringConvertible {
  public enum Reason: Hashable, Sendable {
    case unexpectedEnd
    case unexpectedByte(UInt8)
    /// A string contains an unescaped control character.
    case controlCharacter(UInt8)
    case badEscape
    case badNumber
    /// Arrays and objects are nested deeper than ``JSON/depthLimit``.
    case tooDeep
    /// There are more values than ``JSON/valueLimit``.
    case tooManyValues
    /// Something follows the value.
    case trailingBytes
  }

  public var reason: Reason
  /// The position of the error, in bytes from the start of the text.
  public var offset: Int

  public init(_ reason: Reason, offset: Int) {
    self.reason = reason
    self.offset = offset
  }

  public var description: String {
    let what =
      switch reason {
      case .unexpectedEnd: "the text ends too early"
      case .unexpectedByte(let byte): "unexpected byte 0x\(String(byte, radix: 16))"
      case .controlCharacter(let byte): "control character 0x\(String(byte, radix: 16)) in a string"
      case .badEscape: "bad escape in a string"
      case .badNumber: "bad number"
      case .tooDeep: "nested too deep"
      case .tooManyValues: "more than \(JSON.valueLimit) values, the most that are read at once,"
      case .trailingBytes: "more text after the value"
      }
    return "\(what) at byte \(offset)"
  }
}
