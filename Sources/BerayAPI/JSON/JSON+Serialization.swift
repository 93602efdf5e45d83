extension JSON {
  /// The JSON text of the value. It is one line without control characters, or lines indented by 2 spaces if `pretty`.
  public func serialized(pretty: Bool = false) -> String {
    String(decoding: serializedBytes(pretty: pretty), as: UTF8.self)
  }

  /// The JSON text of the value in UTF-8, without a final newline.
  public func serializedBytes(pretty: Bool = false) -> [UInt8] {
    var bytes: [UInt8] = []
    write(to: &bytes, indent: pretty ? 0 : nil)
    return bytes
  }

  /// Appends the JSON text of the value as one line.
  public func append(to bytes: inout [UInt8]) {
    write(to: &bytes, indent: nil)
  }

  private func write(to bytes: inout [UInt8], indent: Int?) {
    switch self {
    case .null: bytes.append(contentsOf: "null".utf8)
    case .bool(let value): bytes.append(contentsOf: (value ? "true" : "false").utf8)
    case .number(let text): bytes.append(contentsOf: text.utf8)
    case .string(let text): Self.appendLiteral(text, to: &bytes)
    case .array(let elements):
      Self.writeList(elements, "[", "]", to: &bytes, indent: indent) { element, bytes, inner in
        element.write(to: &bytes, indent: inner)
      }
    case .object(let members):
      Self.writeList(members, "{", "}", to: &bytes, indent: indent) { member, bytes, inner in
        Self.appendLiteral(member.name, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        if inner != nil { bytes.append(UInt8(ascii: " ")) }
        member.value.write(to: &bytes, indent: inner)
      }
    }
  }

  private static func writeList<Item>(
    _ items: [Item], _ start: Unicode.Scalar, _ end: Unicode.Scalar, to bytes: inout [UInt8], indent: Int?,
    _ writeItem: (Item, inout [UInt8], Int?) -> Void
  ) {
    bytes.append(UInt8(ascii: start))
    let inner = indent.map { $0 + 2 }
    for (index, item) in items.enumerated() {
      if index > 0 { bytes.append(UInt8(ascii: ",")) }
      if let inner { writeLine(indent: inner, to: &bytes) }
      writeItem(item, &bytes, inner)
    }
    if let indent, !items.isEmpty { writeLine(indent: indent, to: &bytes) }
    bytes.append(UInt8(ascii: end))
  }

  private static func writeLine(indent: Int, to bytes: inout [UInt8]) {
    bytes.append(UInt8(ascii: "\n"))
    bytes.append(contentsOf: repeatElement(UInt8(ascii: " "), count: indent))
  }

  /// Appends a string literal, quoted and escaped (RFC 8259 §7). DEL is escaped too, so that no control character of
  /// ASCII is left.
  static func appendLiteral(_ text: String, to bytes: inout [UInt8]) {
    var text = text
    bytes.append(UInt8(ascii: "\""))
    text.withUTF8 { utf8 in
      var run = 0
      for index in utf8.indices {
        let byte = utf8[index]
        guard byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") || byte == 0x7F else { continue }
        bytes.append(contentsOf: UnsafeBufferPointer(rebasing: utf8[run..<index]))
        run = index + 1
        bytes.append(UInt8(ascii: "\\"))
        switch byte {
        case 0x08: bytes.append(UInt8(ascii: "b"))
        case 0x09: bytes.append(UInt8(ascii: "t"))
        case 0x0A: bytes.append(UInt8(ascii: "n"))
        case 0x0C: bytes.append(UInt8(ascii: "f"))
        case 0x0D: bytes.append(UInt8(ascii: "r"))
        case 0x20...0x7E: bytes.append(byte)
        default:
          bytes.append(contentsOf: "u00".utf8)
          bytes.append(hexDigit(byte >> 4))
          bytes.append(hexDigit(byte & 15))
        }
      }
      bytes.append(contentsOf: UnsafeBufferPointer(rebasing: utf8[run...]))
    }
    bytes.append(UInt8(ascii: "\""))
  }

  private static func hexDigit(_ value: UInt8) -> UInt8 {
    value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
  }
}
