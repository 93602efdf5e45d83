import VFS

/// Recognises a walk through the small files of a tree, and decides how many to fetch ahead with one archive.
struct WalkPrefetch: Sendable {
  static let firstBatch = 50
  static let largestBatch = 200
  /// The largest file, in bytes, that a batch may hold. Larger files are fetched alone.
  static let fileLimit: Int64 = 1 << 20
  /// Bytes that a batch may have.
  static let byteLimit: Int64 = 8 << 20
  /// Misses that are further apart are no walk.
  static let pause = Duration.seconds(2)

  /// Whether the server gives archives.
  private(set) var isAvailable = true
  /// Whether a batch may hold files of unknown size. It may until they prove too large once.
  private(set) var takesUnknownSizes = true
  private var failures = 0
  private var last: (inode: InodeID, at: Duration)?
  private var nextCount = Self.firstBatch
  /// The files whose opening shows that the walk goes on, so that the next batch starts. In the first batch these are
  /// the later half. In later batches it is every file, so that the server prepares one batch while the one before is
  /// read.
  private var triggers: Set<InodeID> = []
  private var frontier: InodeID?

  /// A small file is wanted and not in memory. Returns how many files to fetch with it if this is the second file of a
  /// walk or a later one.
  mutating func miss(_ inode: InodeID, at now: Duration) -> Int? {
    defer { last = (inode, now) }
    guard isAvailable, let last, last.inode != inode, now - last.at <= Self.pause else {
      if last?.inode != inode { nextCount = Self.firstBatch }
      return nil
    }
    return takeCount()
  }

  /// A file begins to be read. Returns how many to fetch, and after which file, if the newest batch nears its end.
  mutating func readBegins(_ inode: InodeID, at now: Duration) -> (after: InodeID, count: Int)? {
    guard isAvailable, triggers.contains(inode), let frontier else { return nil }
    triggers = []
    last = (inode, now)
    return (frontier, takeCount())
  }

  private mutating func takeCount() -> Int {
    defer { nextCount = min(nextCount * 2, Self.largestBatch) }
    return nextCount
  }

  /// A batch of `files`, in the order of the walk, is on its way.
  mutating func started(_ files: [InodeID]) {
    triggers = Set(files.count > Self.firstBatch ? files[...] : files.suffix(files.count / 2 + 1))
    frontier = files.last
  }

  mutating func succeeded() { failures = 0 }

  /// A batch failed. After a refusal, or two failures in a row, no more are tried.
  mutating func failed(isRefused: Bool) {
    failures += 1
    if isRefused || failures >= 2 { isAvailable = false }
  }

  mutating func unknownSizesAreTooLarge() { takesUnknownSizes = false }
}
