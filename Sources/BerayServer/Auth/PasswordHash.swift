internal import CCrypto
internal import Foundation

/// A password as it is stored: `scrypt$N$r$p$salt$key`, the last two in base64. By design, deriving a key takes tens of
/// milliseconds and 32 MiB. Call it only where blocking is fine.
enum PasswordHash {
  private static let rounds = 1 << 15
  private static let blockSize = 8
  // With N = 2^15, OWASP asks for p = 3.
  private static let parallelism = 3

  /// Whether a hash has the parameters of new ones.
  static func isUpToDate(_ hash: String) -> Bool {
    hash.hasPrefix("scrypt$\(rounds)$\(blockSize)$\(parallelism)$")
  }

  static func make(_ password: String) throws -> String {
    let salt = SecureBytes.random(16)
    let key = try derive(password, salt: salt, rounds: rounds, blockSize: blockSize, parallelism: parallelism)
    return ["scrypt", String(rounds), String(blockSize), String(parallelism), salt.base64, key.base64]
      .joined(separator: "$")
  }

  /// Whether the password matches the hash. Without a hash, it takes as long and returns false, so that the response
  /// time does not reveal whether an address is registered.
  static func verify(_ password: String, against hash: String?) throws -> Bool {
    let parts = (hash ?? "").split(separator: "$", omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 6, parts[0] == "scrypt", let rounds = Int(parts[1]), let blockSize = Int(parts[2]),
      let parallelism = Int(parts[3]), let salt = Data(base64Encoded: parts[4]), let key = Data(base64Encoded: parts[5])
    else {
      _ = try derive(
        password, salt: SecureBytes.random(16), rounds: Self.rounds, blockSize: Self.blockSize,
        parallelism: Self.parallelism)
      return false
    }
    let derived = try derive(
      password, salt: Array(salt), rounds: rounds, blockSize: blockSize, parallelism: parallelism)
    return SecureBytes.areEqual(derived, Array(key))
  }

  /// The parameters of a stored hash are out of range, or memory is short.
  struct DerivationFailed: Error {}

  private static func derive(
    _ password: String, salt: [UInt8], rounds: Int, blockSize: Int, parallelism: Int
  ) throws -> [UInt8] {
    var key = [UInt8](repeating: 0, count: 32)
    // scrypt needs 128 · N · r bytes (RFC 7914 §5). Twice that leaves room for its buffers.
    let memory = UInt64(clamping: 256 * (rounds + parallelism) * blockSize)
    let password = Array(password.utf8CString)
    let isDerived = crypto_scrypt(
      password, password.count - 1, salt, salt.count, UInt64(rounds), UInt64(blockSize), UInt64(parallelism), memory,
      &key, key.count)
    guard isDerived == 1 else { throw DerivationFailed() }
    return key
  }
}

extension [UInt8] {
  fileprivate var base64: String { Data(self).base64EncodedString() }
}
