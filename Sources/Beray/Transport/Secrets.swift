internal import BerayAPI

/// Strings that must not appear in an error: the token and the user's input.
struct Secrets: Sendable {
  /// Each string, plain and as encoded in a request that a server may repeat. The longest come first, since one may
  /// contain another.
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

  /// Replaces each secret with `***`. Bytes are compared, so that a combining character cannot hide a secret.
  func masked(_ text: String) -> String {
    var bytes = Array(text.utf8)
    for form in forms {
      bytes = Array(bytes.split(separator: form, omittingEmptySubsequences: false).joined(separator: "***".utf8))
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Masks every string in the value, member names included. A number that contains a secret becomes a string.
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
