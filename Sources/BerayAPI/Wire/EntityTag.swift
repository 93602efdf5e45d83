/// An entity tag with its quotes, such as `"a"` or the weak `W/"a"` (RFC 9110 §8.8.3).
package struct EntityTag: Hashable, Sendable {
  /// The tag as it is sent.
  package let text: String

  /// Takes a tag as it came.
  package init(_ text: String) { self.text = text }

  /// Makes a tag. `value` is what stands between the quotes.
  package init(value: String, isWeak: Bool) { text = (isWeak ? "W/\"" : "\"") + value + "\"" }

  /// Whether two contents may share the tag. Proxies make tags weak too.
  package var isWeak: Bool { text.hasPrefix("W/") }

  /// The tag without its mark of weakness.
  private var opaque: Substring { isWeak ? text.dropFirst(2) : text[...] }

  /// The weak comparison: marks of weakness make no difference (§8.8.3.2).
  package func weaklyMatches(_ other: EntityTag) -> Bool { opaque == other.opaque }

  /// The strong comparison: a weak tag matches none, not even itself (§8.8.3.2).
  package func stronglyMatches(_ other: EntityTag) -> Bool { !isWeak && text == other.text }

  /// Whether `If-Match` or `If-None-Match` lists the tag. `*` lists every tag.
  package func isListed(in header: String, weakly: Bool) -> Bool {
    // A comma between quotes is a part of a tag.
    var isQuoted = false
    let items = header.utf8.split { byte in
      if byte == UInt8(ascii: "\"") { isQuoted.toggle() }
      return byte == UInt8(ascii: ",") && !isQuoted
    }
    return items.contains { item in
      var item = item.drop(while: Self.isSpace)
      while let last = item.last, Self.isSpace(last) { item.removeLast() }
      let tag = EntityTag(String(Substring(item)))
      return tag.text == "*" || (weakly ? weaklyMatches(tag) : stronglyMatches(tag))
    }
  }

  private static func isSpace(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
}
