internal import BerayAPI

/// Texts that no error may hold: the token and what a user typed.
struct Secrets: Sendable {
  /// Each text as it is, and as it stands in a request that a server repeats; the longest first, since one may be a part
  /// of another.
  private let forms: [[UInt8]]

  init(_ texts: [String]) {
    var forms: Set<[UInt8]> = []
    for text in texts where !text.isEmpty {
      forms.insert(Array(text.utf8))
      forms.insert(Array(JSON.string(text).serializedBytes().dropFirst().dropLast()))
      forms.insert(Array(RequestBody.formEncoded(text).utf8))
    }
    self.forms = forms.sorted { $0.count > $1.count }
  }

  /// The text with `***` in the place of each secret. Bytes are compared, so that no combining character hides one.
  func masked(_ text: String) -> String {
    var bytes = Array(text.utf8)
    for form in forms {
      bytes = Array(bytes.split(separator: form, omittingEmptySubsequences: false).joined(separator: "***".utf8))
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// The value with each of its texts masked, the names of members too. A number that holds a secret becomes a text.
  func masked(_ json: JSON) -> JSON {
    switch json {
    case .null, .bool: return json
    case .string(let text): return .string(masked(text))
    case .number(let text):
      let shown = masked(text)
      return shown == text ? json : .string(shown)
    case .array(let elements): return .array(elements.map(masked))
    case .object(let members): return .object(members.map { JSON.Member(masked($0.name), masked($0.value)) })
    }
  }
}
