/// What one handle has been given of a file, so that it never gets parts of two versions.
///
/// A pass begins with the first read, or with a read from the start again, and stays with one version. Where others change
/// the file meanwhile, it goes on only in a content that the old one is the beginning of, as a log that grows.
struct ReadPass: Sendable {
  /// Bytes that were given, and where they stand.
  struct Sample: Sendable {
    var offset: Int64
    var bytes: [UInt8]
  }

  /// What a read has to do first.
  enum Admission: Hashable, Sendable {
    /// The file has the version that the handle reads.
    case goesOn
    /// The handle may begin with the version that the file has.
    case beginsAnew
    /// The version of the file has to begin with what was given.
    case hasToFollow
  }

  private static let sampleSize = 4 << 10

  /// The version, by ``FileState/epoch``.
  private(set) var epoch: UInt32
  /// ``FileState/generation`` of that version.
  private(set) var generation: UInt32
  /// Bytes that the version has; nil: not known.
  private(set) var size: Int64?
  /// ``FileReader/Version/tag`` of that version.
  private(set) var tag: String?
  /// Whether the kernel had pages of the version: a program may have read those without a request.
  private(set) var hasPages: Bool
  /// The end of what was given.
  private(set) var end: Int64 = 0
  /// Whether an error told the program that the version is gone.
  private var isRefused = false
  private var first: Sample?
  private var last: Sample?

  init(_ version: FileReader.Version, hasPages: Bool) {
    epoch = version.epoch
    generation = version.generation
    size = version.size
    tag = version.tag
    self.hasPages = hasPages
  }

  var samples: [Sample] { [first, last].compactMap(\.self) }

  func admission(to offset: Int64, epoch: UInt32) -> Admission {
    if epoch == self.epoch { return .goesOn }
    guard let first else { return hasPages && offset > 0 ? .hasToFollow : .beginsAnew }
    // A read from the start begins anew. A handle that began elsewhere, as unzip's does, may still want more of this
    // version, unless its program knows that it is gone.
    return offset == 0 && (first.offset == 0 || isRefused) ? .beginsAnew : .hasToFollow
  }

  /// Whether a program has begun to read the version, and may want more of it.
  var isUnderWay: Bool { first != nil && !isRefused && end < size ?? .max }

  /// An error tells the program that the version is gone.
  mutating func refused() { isRefused = true }

  /// The version goes on as another, which begins with it.
  mutating func follow(_ version: FileReader.Version) {
    isRefused = false
    epoch = version.epoch
    generation = version.generation
    size = version.size
    tag = version.tag
  }

  mutating func gave(_ bytes: ArraySlice<UInt8>, at offset: Int64) {
    guard !bytes.isEmpty else { return }
    let reached = offset + Int64(bytes.count)
    if first == nil { first = Sample(offset: offset, bytes: Array(bytes.prefix(Self.sampleSize))) }
    if reached > end {
      let tail = bytes.suffix(Self.sampleSize)
      last = Sample(offset: reached - Int64(tail.count), bytes: Array(tail))
      end = reached
    }
  }
}
