/// Writes JSON directly as bytes, for long lists.
package struct JSONBytes {
  /// What was written so far.
  package private(set) var bytes: [UInt8] = []

  /// Writes nothing yet.
  package init() {}

  /// Appends text that is JSON already.
  package mutating func raw(_ text: String) {
    bytes.append(contentsOf: text.utf8)
  }

  /// Appends a number.
  package mutating func number(_ value: Int64) { raw(String(value)) }

  /// Appends a string literal, quoted and escaped.
  package mutating func string(_ text: String) { JSON.appendLiteral(text, to: &bytes) }
}
