/// Decides which blocks of a large file to fetch, from the blocks that one handle reads.
struct ReadAhead: Sendable {
  /// Blocks a request may have at most.
  static let maximumWindow = 8

  private var last = -2
  /// The first block that was not asked for.
  private var frontier = 0
  private var window = 1

  /// A handle reads a block. Returns the blocks to fetch now: first those that the reader waits for, then those ahead
  /// of it.
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
    // The next window is asked for once no more than the last one is ahead.
    if isSequential, frontier < count, frontier - block <= window {
      window = min(window * 2, Self.maximumWindow)
      let end = min(frontier + window, count)
      requests.append(frontier..<end)
      frontier = end
    }
    return requests
  }
}
