extension EventIdentity {
  /// The length of the longest suffix of `log` that is a prefix of `list` (Knuth, Morris, Pratt).
  package static func overlap(endOf log: [EventIdentity], startOf list: [EventIdentity]) -> Int {
    guard !list.isEmpty else { return 0 }
    var borders = [0]
    var length = 0
    for element in list.dropFirst() {
      while length > 0, list[length] != element { length = borders[length - 1] }
      if list[length] == element { length += 1 }
      borders.append(length)
    }
    length = 0
    for element in log.suffix(list.count) {
      while length > 0, length == list.count || list[length] != element { length = borders[length - 1] }
      if list[length] == element { length += 1 }
    }
    return length
  }
}
