/// A recursive-descent reader. It copies strings and numbers out of `bytes`, which must outlive it.
struct JSONParser {
  let bytes: UnsafeBufferPointer<UInt8>
  var position = 0
  var depth = 0
  private var values = 0
  /// Stacks for the elements and members being read. Each array and object pops its own from the end into a buffer of
  /// the right size.
  private var elements: [JSON] = []
  private var members: [JSON.Member] = []

  init(bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

  mutating func parseText() throws(JSONError) -> JSON {
    try parseWhole { parser throws(JSONError) in try parser.parseValue() }
  }

  /// Reads a whole text; `read` reads its value.
  mutating func parseWhole<Value>(
    _ read: (inout JSONParser) throws(JSONError) -> Value
  ) throws(JSONError) -> Value {
    if bytes.count >= 3, bytes[0] == 0xEF, bytes[1] == 0xBB, bytes[2] == 0xBF { position = 3 }
    skipSpace()
    let value = try read(&self)
    skipSpace()
    guard position == bytes.count else { throw JSONError(.trailingBytes, offset: position) }
    return value
  }

  /// Reads a whole text from bytes; `read` reads its value.
  static func reading<Value>(
    _ bytes: [UInt8], _ read: (inout JSONParser) throws(JSONError) -> Value
  ) throws(JSONError) -> Value {
    let result = bytes.withUnsafeBufferPointer { buffer -> Result<Value, JSONError> in
      var parser = JSONParser(bytes: buffer)
      do throws(JSONError) { return .success(try parser.parseWhole(read)) } catch { return .failure(error) }
    }
    return try result.get()
  }

  mutating func parseValue() throws(JSONError) -> JSON {
    guard values < JSON.valueLimit else { throw JSONError(.tooManyValues, offset: position) }
    values += 1
    switch try peek() {
    case UInt8(ascii: "{"): return try parseObject()
    case UInt8(ascii: "["): return try parseArray()
    case UInt8(ascii: "\""): return .string(try parseString())
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number(try parseNumber())
    case UInt8(ascii: "t"): return try parseWord("true", .bool(true))
    case UInt8(ascii: "f"): return try parseWord("false", .bool(false))
    case UInt8(ascii: "n"): return try parseWord("null", .null)
    case let byte: throw JSONError(.unexpectedByte(byte), offset: position)
    }
  }

  private mutating func parseObject() throws(JSONError) -> JSON {
    try enter()
    if try peek() == UInt8(ascii: "}") {
      leave()
      return .object([])
    }
    let start = members.count
    repeat {
      let name = try parseName()
      members.append(JSON.Member(name, try parseValue()))
    } while try continues(until: UInt8(ascii: "}"))
    defer { members.removeSubrange(start...) }
    return .object(Array(members[start...]))
  }

  /// Reads the name of a member and the colon after it.
  mutating func parseName() throws(JSONError) -> String {
    guard try peek() == UInt8(ascii: "\"") else {
      throw JSONError(.unexpectedByte(bytes[position]), offset: position)
    }
    let name = try parseString()
    skipSpace()
    try expect(UInt8(ascii: ":"))
    skipSpace()
    return name
  }

  private mutating func parseArray() throws(JSONError) -> JSON {
    try enter()
    if try peek() == UInt8(ascii: "]") {
      leave()
      return .array([])
    }
    let start = elements.count
    repeat { elements.append(try parseValue()) } while try continues(until: UInt8(ascii: "]"))
    defer { elements.removeSubrange(start...) }
    return .array(Array(elements[start...]))
  }

  mutating func enter() throws(JSONError) {
    guard depth < JSON.depthLimit else { throw JSONError(.tooDeep, offset: position) }
    depth += 1
    position += 1
    skipSpace()
  }

  mutating func leave() {
    depth -= 1
    position += 1
  }

  /// Reads the byte after a value. True for a comma, false for the end of the array or object.
  mutating func continues(until end: UInt8) throws(JSONError) -> Bool {
    skipSpace()
    let byte = try peek()
    if byte == end {
      leave()
      return false
    }
    try expect(UInt8(ascii: ","))
    skipSpace()
    return true
  }

  private mutating func parseString() throws(JSONError) -> String {
    position += 1
    let start = position
    skipPlain()
    if try peek() == UInt8(ascii: "\"") {
      defer { position += 1 }
      return String(decoding: UnsafeBufferPointer(rebasing: bytes[start..<position]), as: UTF8.self)
    }
    var text = Array(bytes[start..<position])
    while true {
      switch try peek() {
      case UInt8(ascii: "\""):
        position += 1
        return String(decoding: text, as: UTF8.self)
      case UInt8(ascii: "\\"):
        position += 1
        try parseEscape(into: &text)
      case let byte:
        throw JSONError(.controlCharacter(byte), offset: position)
      }
      let run = position
      skipPlain()
      text.append(contentsOf: UnsafeBufferPointer(rebasing: bytes[run..<position]))
    }
  }

  /// Skips to the next quote, backslash or control character.
  private mutating func skipPlain() {
    while position < bytes.count {
      let byte = bytes[position]
      if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") || byte < 0x20 { return }
      position += 1
    }
  }

  private mutating func parseEscape(into text: inout [UInt8]) throws(JSONError) {
    let byte = try peek()
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
    case UInt8(ascii: "b"): text.append(0x08)
    case UInt8(ascii: "f"): text.append(0x0C)
    case UInt8(ascii: "n"): text.append(0x0A)
    case UInt8(ascii: "r"): text.append(0x0D)
    case UInt8(ascii: "t"): text.append(0x09)
    case UInt8(ascii: "u"): text.append(contentsOf: String(try parseUnicodeEscape()).utf8)
    default: throw JSONError(.badEscape, offset: position - 1)
    }
  }

  private mutating func parseUnicodeEscape() throws(JSONError) -> Unicode.Scalar {
    let high = try parseFourDigits()
    if let scalar = Unicode.Scalar(high) { return scalar }
    let afterHigh = position
    if high < 0xDC00, position + 1 < bytes.count, bytes[position] == UInt8(ascii: "\\"),
      bytes[position + 1] == UInt8(ascii: "u")
    {
      position += 2
      let low = try parseFourDigits()
      if low >= 0xDC00, low < 0xE000,
        let scalar = Unicode.Scalar(0x10000 + (UInt32(high - 0xD800) << 10) + UInt32(low - 0xDC00))
      {
        return scalar
      }
      position = afterHigh
    }
    return "\u{FFFD}"
  }

  private mutating func parseFourDigits() throws(JSONError) -> UInt16 {
    var value: UInt16 = 0
    for _ in 0..<4 {
      let digit: UInt8
      switch try peek() {
      case let byte where byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9"): digit = byte - UInt8(ascii: "0")
      case let byte where byte >= UInt8(ascii: "a") && byte <= UInt8(ascii: "f"): digit = byte - UInt8(ascii: "a") + 10
      case let byte where byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "F"): digit = byte - UInt8(ascii: "A") + 10
      default: throw JSONError(.badEscape, offset: position)
      }
      value = value << 4 | UInt16(digit)
      position += 1
    }
    return value
  }

  private mutating func parseNumber() throws(JSONError) -> String {
    let start = position
    if bytes[position] == UInt8(ascii: "-") { position += 1 }
    if position < bytes.count, bytes[position] == UInt8(ascii: "0") {
      position += 1
    } else {
      try skipDigits()
    }
    if position < bytes.count, bytes[position] == UInt8(ascii: ".") {
      position += 1
      try skipDigits()
    }
    if position < bytes.count, bytes[position] | 0x20 == UInt8(ascii: "e") {
      position += 1
      if position < bytes.count, bytes[position] == UInt8(ascii: "+") || bytes[position] == UInt8(ascii: "-") {
        position += 1
      }
      try skipDigits()
    }
    return String(decoding: UnsafeBufferPointer(rebasing: bytes[start..<position]), as: UTF8.self)
  }

  private mutating func skipDigits() throws(JSONError) {
    let start = position
    while position < bytes.count, bytes[position] >= UInt8(ascii: "0"), bytes[position] <= UInt8(ascii: "9") {
      position += 1
    }
    guard position > start else { throw JSONError(.badNumber, offset: position) }
  }

  private mutating func parseWord(_ word: StaticString, _ value: JSON) throws(JSONError) -> JSON {
    for index in 0..<word.utf8CodeUnitCount { try expect(word.utf8Start[index]) }
    return value
  }

  private mutating func expect(_ byte: UInt8) throws(JSONError) {
    guard try peek() == byte else { throw JSONError(.unexpectedByte(bytes[position]), offset: position) }
    position += 1
  }

  func peek() throws(JSONError) -> UInt8 {
    guard position < bytes.count else { throw JSONError(.unexpectedEnd, offset: position) }
    return bytes[position]
  }

  mutating func skipSpace() {
    while position < bytes.count {
      switch bytes[position] {
      case 0x20, 0x0A, 0x0D, 0x09: position += 1
      default: return
      }
    }
  }
}
