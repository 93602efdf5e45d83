/// Removes private data from a text: tokens, keys, email addresses, goals, and the user's name and home.
struct Redaction {
  private let home: String?
  private let user: String?
  /// Values to remove wherever they occur.
  private let secrets: [String]

  /// - Parameter secrets: further secrets, besides those in the environment.
  init(environment: [String: String], user: String?, secrets: [String] = []) {
    home = environment["HOME"].flatMap { $0.count > 1 ? $0 : nil }
    self.user = user.flatMap { $0 == "root" ? nil : $0 }
    let named = environment.filter { Self.isSecret($0.key) }.map(\.value)
    // A short secret would match ordinary words.
    self.secrets = (named + secrets).filter { $0.utf8.count >= 8 }.sorted { $0.utf8.count > $1.utf8.count }
  }

  /// Whether a variable or setting of this name holds a secret.
  static func isSecret(_ name: String) -> Bool {
    let name = name.lowercased()
    return ["token", "key", "secret", "password", "auth", "credential", "cookie"].contains { name.contains($0) }
      && !name.hasSuffix("_file")
  }

  func text(_ text: String) -> String {
    var text = text
    for secret in secrets { text = text.replacing(secret, with: "[secret]") }
    text = text.replacing(/(?i)\b(bearer|basic)\s+[^\s"']+/) { "\($0.output.1) [secret]" }
    text = text.replacing(/\b(sk|pk|ghp|gho|xox[a-z])[-_][A-Za-z0-9_-]{8,}/, with: "[secret]")
    text = text.replacing(/:\/\/[^\s\/@"']+@/, with: "://[secret]@")
    text = text.replacing(/[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+/, with: "[address]")
    // The name of a task's directory contains its goal.
    text = text.replacing(/\b(\d+)-[^\s\/"':]+(?=\/|"|\s|$)/) { "\($0.output.1)-[goal]" }
    if let home { text = text.replacing(home, with: "~") }
    if let user { text = text.replacing(user, with: "[user]") }
    return text
  }
}
