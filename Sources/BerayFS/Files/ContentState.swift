import SystemPackage
import VFS
import Waiting

/// The content of a file: its size, where its bytes come from, and how often it changed.
struct ContentState {
  /// In bytes; nil until the server tells it or somebody asks.
  private(set) var size: Int64?
  /// Counts the contents of the file, so that the cache never shows one for another.
  private(set) var generation: UInt32 = 0
  /// Counts the contents that others gave it, so that no handle gets parts of two.
  private(set) var epoch: UInt32 = 0
  /// The content whose size the kernel knows, if others have changed it since.
  private(set) var former: FormerContent?
  private(set) var source = ContentSource.untouched

  init(size: Int64?) { self.size = size }

  /// It turned out to have `size` bytes. Nil: the server has to be asked.
  mutating func setSize(_ size: Int64?) { self.size = size }

  /// The file has other content now.
  mutating func changes() {
    generation &+= 1
    former = nil
    guard let remote = source.remote else { return }
    remote.stream?.cancel()
    source = .untouched
  }

  /// Somebody else gave the file other content.
  /// - Parameters:
  ///   - version: what was known of it until now.
  ///   - modified: the time of that version.
  ///   - isOpen: whether a program has the file open, so that the kernel works with the size of that version.
  mutating func othersChange(from version: FileReader.Version, modified: Timestamp, isOpen: Bool) {
    var former = former
    if former != nil {
      former?.changesAgain(from: version)
    } else if isOpen, size != nil, source.buffer == nil {
      former = FormerContent(version, modified: modified)
    }
    changes()
    self.former = former
    epoch &+= 1
  }

  // MARK: - Where the bytes come from

  /// Changes how the content comes from the server; nil if programs wrote another.
  @discardableResult
  mutating func changeRemote<Value>(_ body: (inout RemoteContent) -> Value) -> Value? { source.changeRemote(body) }

  /// From now on it is what `buffer` holds.
  mutating func begins(writing buffer: WriteBuffer) {
    changes()
    source = .written(buffer)
  }

  /// What programs wrote is on the server, or is dropped.
  mutating func endsWriting() { source = .untouched }

  // MARK: - What the kernel knows

  /// The kernel is sent a notice about the content.
  mutating func announces(_ notice: Flight<Void, Errno>, at uptime: Duration) {
    former?.announces(notice, at: uptime)
  }

  /// The kernel is told of the present content.
  mutating func forgetFormer() { former = nil }
}
