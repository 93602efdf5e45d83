import Beray
import BerayAPI
import Logging
import Synchronization
import SystemPackage
import VFS

/// What the work directories of a mount share: the cache, the bytes that wait to be uploaded, and what is known of the
/// server.
final class WorkShared: Sendable {
  /// How much may be kept, in bytes.
  struct Limits: Sendable {
    /// What was written to one file, before it goes to a temporary file.
    var bufferInMemory = 8 << 20
    /// The same for all files together.
    var buffersInMemory = 64 << 20
    /// What could not be uploaded; after that, writes fail with ENOSPC.
    var kept: Int64 = 1 << 30
  }

  /// An upload that has not arrived yet.
  struct Pending: Sendable {
    var path: String
    var bytes: Int64
    var since: Timestamp
    /// Why it failed the last time.
    var error: String?
  }

  struct Status: Sendable {
    /// The files that wait for their rename or removal.
    var heldBack: [String]
    /// The names that are hidden here and that the server has still.
    var leftBehind: [String]
    var cacheBytes: Int
    var cacheEntries: Int
    var pending: [Pending]
  }

  let context: MountContext
  let cache: ContentCache
  let limits: Limits
  let names: NamePolicy
  let threadGroup: @Sendable (ProcessID) -> ProcessID?
  /// Bytes that all ``WriteBuffer`` have in memory.
  let bufferMemory = ByteCount()
  private let leavers = LeavingTrees()
  /// The files that have a ``WriteBuffer``, or for which something is on its way to the server.
  private let written = Mutex<[InodeID: WorkFile]>([:])
  private let kept = ByteCount()
  private let knownCapabilities = Mutex<Capabilities?>(nil)
  private let heldBack = Atomic(false)
  private let attributesKept = Atomic(false)
  let sending = Mutex(Sending())
  let lost = Mutex<[String]>([])
  private let rangesIgnored = Atomic(false)

  /// - Parameter threadGroup: the process of a thread; nil if it is gone.
  init(
    context: MountContext, limits: Limits = Limits(),
    threadGroup: @escaping @Sendable (ProcessID) -> ProcessID? = ThreadGroup.of
  ) {
    self.context = context
    self.limits = limits
    self.threadGroup = threadGroup
    names = NamePolicy(scratchPatterns: context.options.scratchPatterns)
    cache = ContentCache(limit: context.options.cacheSize)
  }

  // MARK: - The server

  func capabilities() async throws(Errno) -> Capabilities {
    try await context.call("capabilities", "files") { () async throws(BerayError) in try await told() }
  }

  private func told() async throws(BerayError) -> Capabilities {
    if let known = knownCapabilities.withLock({ $0 }) { return known }
    let capabilities = try await context.service.capabilities()
    knownCapabilities.withLock { $0 = capabilities }
    heldBack.store(!capabilities.isSuperset(of: [.remove, .move]), ordering: .relaxed)
    attributesKept.store(capabilities.contains(.attributes), ordering: .relaxed)
    return capabilities
  }

  /// The capabilities, for reads, which also work without any: if the server answers with an error, it has no capabilities.
  func capabilitiesForReading() async throws(Errno) -> Capabilities {
    do throws(BerayError) {
      return try await told()
    } catch  where error.status != nil {
      return []
    } catch {
      throw context.fail("capabilities", "files", error)
    }
  }

  /// Whether names that tools make on the way to a save are held back, because the server could not take them away
  /// again. False until the server was asked.
  var holdsBack: Bool { heldBack.load(ordering: .relaxed) }

  /// Whether the server keeps modes and times. False until the server was asked.
  var keepsAttributes: Bool { attributesKept.load(ordering: .relaxed) }

  /// Whether the server can make a file only if there is none, and can remove it. False until the server was asked.
  var keepsLocks: Bool {
    knownCapabilities.withLock { $0?.isSuperset(of: [.conditionalUploads, .remove]) ?? false }
  }

  /// Whether the server answered a range with the whole file although it claims to support ranges.
  var ignoresRanges: Bool { rangesIgnored.load(ordering: .relaxed) }
  func rangesWereIgnored() { rangesIgnored.store(true, ordering: .relaxed) }

  // MARK: - Files that are written

  /// Call it under the lock of the file.
  func remember(_ file: WorkFile) { written.withLock { $0[file.inode] = file } }

  /// Call it under the file's lock, as ``remember(_:)``, so that a buffer made in between is not forgotten. Call
  /// ``countKept()`` afterwards, without the lock.
  func forget(_ file: WorkFile) { written.withLock { _ = $0.removeValue(forKey: file.inode) } }

  /// A name of `tree` is hidden for good.
  func leaves(_ tree: WorkTree) { leavers.add(tree) }

  var writtenFiles: [WorkFile] { written.withLock { Array($0.values) } }

  /// What the server has not, oldest first.
  var unsent: [(file: WorkFile, buffer: WriteBuffer)] {
    writtenFiles.compactMap { file in
      guard file.writer.hasUnsent(includingEmpty: true), let buffer = file.buffer else {
        return nil
      }
      return (file, buffer)
    }.sorted { $0.buffer.unsentSince < $1.buffer.unsentSince }
  }

  /// Counts what could not be uploaded; called when that changes.
  func countKept() {
    kept.value = writtenFiles.reduce(0) { sum, file in
      // A file that is gone may be here still, while something is on its way for it. It takes nobody's room.
      let buffer = file.known { $0.existence.isGone ? nil : $0.buffer }
      guard let buffer, buffer.failure != nil else { return sum }
      return sum + Int(buffer.size)
    }
  }

  /// Whether so much could not be uploaded that no more is taken.
  var keepsTooMuch: Bool { kept.value >= limits.kept }

  var status: Status {
    let usage = cache.usage
    return Status(
      heldBack: writtenFiles.filter(\.isHeldBack).map(\.path).sorted(), leftBehind: leavers.paths,
      cacheBytes: usage.bytes, cacheEntries: usage.entries,
      pending: unsent.map { file, buffer in
        Pending(path: file.path, bytes: buffer.size, since: buffer.unsentSince, error: buffer.failure?.text)
      })
  }

  func dropCaches() {
    cache.removeAll()
    // What a server offers may change with its version.
    knownCapabilities.withLock { $0 = nil }
    rangesIgnored.store(false, ordering: .relaxed)
  }
}

/// A number of bytes that several threads count.
final class ByteCount: Sendable {
  private let count = Atomic(0)

  var value: Int {
    get { count.load(ordering: .relaxed) }
    set { count.store(newValue, ordering: .relaxed) }
  }

  func add(_ bytes: Int) { count.wrappingAdd(bytes, ordering: .relaxed) }
}
