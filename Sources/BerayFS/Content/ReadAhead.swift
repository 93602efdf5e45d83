/// Decides which blocks of a large file to fetch, from the blocks that one handle reads.
struct ReadAhead: Sendable {
  /// Blocks a request may have at most.
  static let maximumWindow = 8

  private var last = -2
  /// The first block that was not asked for.
  private var frontier = 0
  private var window = 1

  /// A block is read. Returns the blocks to ask for now: those that the reader waits for first, then those ahead of it.
  /// - Parameters:
  ///   - isHere: whether the block is in memory or on its way.
  ///   - count: the number of blocks of the file.
  mutating func read(_ block: Int, isHere: Bool, of count: Int) -> [Range<Int>] {
    let isSequential = block == last || block == last + 1 || (last < 0 && block == 0)
    if !isSequential {
      window = 1
      frontier = isHere ? block + 1 : block
    }
    last = block
    var requests: [Range<Int>] = []
    if !isHere {
      frontier = min(block + window, count)
      requests.append(block..<frontier)
    }
    // Half a window before the end of what was asked for, the next one starts.
    if isSequential, frontier < count, frontier - block <= window {
      window = min(window * 2, Self.maximumWindow)
      let end = min(frontier + window, count)
      requests.append(frontier..<end)
      frontier = end
    }
    return requests
  }
}
