/// The name of a directory entry: the kernel's bytes, and the text that stands for them in requests.
///
/// A name may contain any bytes, but JSON only text. A byte that is not UTF-8 is written as `‛` (U+201B) and two
/// hexadecimal digits: `caf‛E9`. A literal `‛` before such a sequence is doubled, so every text means exactly one name.
struct EntryName: Hashable, Sendable {
  /// Ends with a NUL byte.
  let bytes: [CChar]
  let text: String

  /// - Parameter bytes: the bytes from the kernel, with a NUL byte at the end.
  init(kernel bytes: [CChar]) {
    self.bytes = bytes
    text = Self.text(bytes.dropLast().map(UInt8.init(bitPattern:)))
  }

  /// Decodes the name in a request; nil if `text` is not how any name is written.
  init?(text: String) {
    let decoded = Self.decode(Array(text.utf8))
    guard Self.text(decoded).utf8.elementsEqual(text.utf8) else { return nil }
    self.text = text
    bytes = decoded.map(CChar.init(bitPattern:)) + [0]
  }

  /// Encodes the bytes of a name or a path as text.
  static func text(_ bytes: [UInt8]) -> String {
    if let text = String(validating: bytes, as: UTF8.self), !bytes.contains(quote[0]) { return text }
    var encoded: [UInt8] = []
    var index = 0
    while index < bytes.count {
      let quotes = Self.quotes(bytes, at: index)
      index += quotes * quote.count
      let rest = bytes[index...]
      let length = scalarLength(rest)
      let isAmbiguous = length == 0 && !rest.isEmpty || byte(rest) != nil
      for _ in 0..<(isAmbiguous ? 2 * quotes : quotes) { encoded += quote }
      guard let first = rest.first else { break }
      if length == 0 {
        encoded += quote + [digits[Int(first >> 4)], digits[Int(first & 15)]]
      } else {
        encoded += rest.prefix(length)
      }
      index += max(1, length)
    }
    return String(decoding: encoded, as: UTF8.self)
  }

  private static func decode(_ text: [UInt8]) -> [UInt8] {
    guard text.contains(quote[0]) else { return text }
    var decoded: [UInt8] = []
    var index = 0
    while index < text.count {
      let quotes = Self.quotes(text, at: index)
      index += quotes * quote.count
      let byte = byte(text[index...])
      for _ in 0..<(byte == nil ? quotes : quotes / 2) { decoded += quote }
      if let byte, quotes % 2 == 1 {
        decoded.append(byte)
        index += 2
      } else if index < text.count {
        decoded.append(text[index])
        index += 1
      }
    }
    return decoded
  }

  private static let quote = Array("\u{201B}".utf8)
  private static let digits = Array("0123456789ABCDEF".utf8)

  /// Counts the consecutive `‛` from `start` on.
  private static func quotes(_ bytes: [UInt8], at start: Int) -> Int {
    var count = 0
    while bytes[(start + count * quote.count)...].starts(with: quote) { count += 1 }
    return count
  }

  /// Decodes two digits at the start into a byte from 80 to FF; nil if there are none.
  private static func byte(_ bytes: ArraySlice<UInt8>) -> UInt8? {
    guard let first = bytes.first, bytes.count >= 2, let high = digits.firstIndex(of: first), high >= 8,
      let low = digits.firstIndex(of: bytes[bytes.startIndex + 1])
    else { return nil }
    return UInt8(high << 4 | low)
  }

  /// The length of the UTF-8 sequence at the start; 0 if it is not valid.
  private static func scalarLength(_ bytes: ArraySlice<UInt8>) -> Int {
    guard let first = bytes.first else { return 0 }
    let length = first < 0x80 ? 1 : first < 0xC2 ? 0 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : first < 0xF5 ? 4 : 0
    guard bytes.count >= length, String(validating: bytes.prefix(length), as: UTF8.self) != nil else { return 0 }
    return length
  }
}
