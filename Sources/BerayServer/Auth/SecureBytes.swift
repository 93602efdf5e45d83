internal import CCrypto

/// Random bytes, digests and comparisons for secrets.
enum SecureBytes {
  /// From the system's generator.
  static func random(_ count: Int) -> [UInt8] {
    var generator = SystemRandomNumberGenerator()
    return (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
  }

  /// A code for people to type: 60 random bits in three groups of letters and digits that are hard to confuse.
  static func code() -> String {
    let alphabet = Array("0123456789abcdefghjkmnpqrstvwxyz".utf8)
    let characters = random(12).map { alphabet[Int($0 & 31)] }
    return stride(from: 0, to: 12, by: 4).map { String(decoding: characters[$0..<$0 + 4], as: UTF8.self) }
      .joined(separator: "-")
  }

  /// Compares in constant time, so that the time does not reveal where the values differ.
  static func areEqual(_ a: [UInt8], _ b: [UInt8]) -> Bool {
    guard a.count == b.count else { return false }
    return zip(a, b).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
  }

  static func sha256(_ text: String) -> [UInt8] {
    let bytes = Array(text.utf8)
    var digest = [UInt8](repeating: 0, count: 32)
    crypto_sha256(bytes, bytes.count, &digest)
    return digest
  }
}

/// An access token: 32 random bytes in base64url. The server stores only its SHA-256.
struct AccessToken: Sendable {
  let text: String

  init(text: String) { self.text = text }

  static func random() -> AccessToken {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
    var characters: [UInt8] = []
    var pending = 0
    var bits = 0
    for byte in SecureBytes.random(32) {
      pending = pending << 8 | Int(byte)
      bits += 8
      while bits >= 6 {
        bits -= 6
        characters.append(alphabet[pending >> bits & 63])
      }
      pending &= (1 << bits) - 1
    }
    if bits > 0 { characters.append(alphabet[pending << (6 - bits) & 63]) }
    return AccessToken(text: String(decoding: characters, as: UTF8.self))
  }

  var hash: [UInt8] { SecureBytes.sha256(text) }
}
