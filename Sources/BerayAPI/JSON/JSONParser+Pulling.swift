// Reads a text piece by piece, so that a long list never exists as values in memory.
extension JSONParser {
  /// Reads an array. `body` is called at the start of each element and must read it.
  mutating func readElements(
    _ body: (inout JSONParser) throws(JSONError) -> Void
  ) throws(JSONError) {
    try enter()
    if try peek() == UInt8(ascii: "]") {
      leave()
      return
    }
    repeat { try body(&self) } while try continues(until: UInt8(ascii: "]"))
  }

  /// Reads an object. `body` is called with each member's name at the start of its value, and must read the value.
  mutating func readMembers(
    _ body: (String, inout JSONParser) throws(JSONError) -> Void
  ) throws(JSONError) {
    try enter()
    if try peek() == UInt8(ascii: "}") {
      leave()
      return
    }
    repeat { try body(try parseName(), &self) } while try continues(until: UInt8(ascii: "}"))
  }
}
