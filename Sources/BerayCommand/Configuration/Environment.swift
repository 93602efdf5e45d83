import Glibc

/// The environment of this process.
enum Environment {
  /// All variables. If a name occurs twice, the first value counts, as with getenv(3).
  static func current() -> [String: String] {
    var variables: [String: String] = [:]
    var pointer = environ
    while let entry = pointer.pointee {
      let text = String(cString: entry)
      if let equals = text.firstIndex(of: "=") {
        let name = String(text[..<equals])
        if variables[name] == nil { variables[name] = String(text[text.index(after: equals)...]) }
      }
      pointer += 1
    }
    return variables
  }
}
