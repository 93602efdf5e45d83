/// Guesses what a user meant by a mistyped word.
enum Spelling {
  /// The candidate that is nearest to `word`; nil if none is near.
  static func nearest(to word: String, in candidates: [String]) -> String? {
    let limit = word.count < 5 ? 2 : 3
    let distances = candidates.map { (candidate: $0, distance: distance(word, $0)) }
    guard let best = distances.min(by: { $0.distance < $1.distance }) else { return nil }
    return best.distance < limit || (best.distance == limit && word.count > 6) ? best.candidate : nil
  }

  /// The optimal string alignment distance: the number of insertions, deletions, substitutions and swaps of neighbours.
  static func distance(_ one: String, _ other: String) -> Int {
    let (a, b) = (Array(one), Array(other))
    guard !a.isEmpty, !b.isEmpty else { return max(a.count, b.count) }
    var rows = [Array(0...b.count)]
    for i in 1...a.count {
      var row = [i]
      for j in 1...b.count {
        let replaced: Int = rows[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)
        var best: Int = min(rows[i - 1][j], row[j - 1]) + 1
        best = min(best, replaced)
        if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] { best = min(best, rows[i - 2][j - 2] + 1) }
        row.append(best)
      }
      rows.append(row)
    }
    return rows[a.count][b.count]
  }
}
