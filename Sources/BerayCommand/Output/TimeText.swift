import BerayAPI

/// Formats and parses durations.
enum TimeText {
  private static let units: [(name: Character, seconds: Int64)] = [
    ("d", 86400), ("h", 3600), ("m", 60), ("s", 1),
  ]

  /// Formats a duration with one or two units: `5s`, `2m30s`, `3h5m`, `12d`.
  static func span(seconds: Int64) -> String {
    let seconds = max(0, seconds)
    guard let index = units.firstIndex(where: { seconds >= $0.seconds }) else { return "0s" }
    let whole = "\(seconds / units[index].seconds)\(units[index].name)"
    // From ten of a unit on, the next smaller unit hardly matters.
    guard index + 1 < units.count, seconds < units[index].seconds * 10 else { return whole }
    let rest = seconds % units[index].seconds / units[index + 1].seconds
    return rest == 0 ? whole : whole + "\(rest)\(units[index + 1].name)"
  }

  /// Parses `90s`, `15m`, `2h`, `7d` and `1d12h`.
  static func seconds(_ text: String) -> Int64? {
    var total: Int64 = 0
    var digits = ""
    for character in text {
      if character.isASCII, character.isNumber {
        digits.append(character)
        continue
      }
      guard let unit = units.first(where: { $0.name == character }), let count = Int64(digits), count < 1 << 32
      else { return nil }
      total += count * unit.seconds
      digits = ""
    }
    return digits.isEmpty && !text.isEmpty ? total : nil
  }
}
