/// The fields of a query string or of a form (WHATWG URL §5, application/x-www-form-urlencoded).
package struct FormFields: Hashable, Sendable {
  private var values: [String: String] = [:]

  /// The value of a field. If a name occurs several times, the last one counts.
  package subscript(_ name: String) -> String? { values[name] }

  /// Reads text such as `a=b&c=d+e`.
  package init(_ text: some StringProtocol) {
    for field in text.utf8.split(separator: UInt8(ascii: "&")) {
      let parts = field.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
      guard let name = parts.first else { continue }
      values[Self.decode(name)] = parts.count > 1 ? Self.decode(parts[1]) : ""
    }
  }

  private static func decode(_ bytes: some Collection<UInt8>) -> String {
    var decoded: [UInt8] = []
    var rest = Array(bytes)[...]
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "+") {
        decoded.append(UInt8(ascii: " "))
      } else if byte == UInt8(ascii: "%"), rest.count >= 2,
        let high = Character(Unicode.Scalar(rest[rest.startIndex])).hexDigitValue,
        let low = Character(Unicode.Scalar(rest[rest.startIndex + 1])).hexDigitValue
      {
        decoded.append(UInt8(high << 4 | low))
        rest = rest.dropFirst(2)
      } else {
        decoded.append(byte)
      }
    }
    return String(decoding: decoded, as: UTF8.self)
  }
}
