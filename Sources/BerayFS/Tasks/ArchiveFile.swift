import BerayClient
import Synchronization
import SystemPackage
import VFS

/// `files.zip`: the work directory as a ZIP, made whole when it is looked at, so that its size is true and unzip can seek.
final class ArchiveFile: Node {
  private struct State {
    /// The newest archive, and when it was asked for.
    var newest: (archive: ArchiveHandle, asked: Duration)?
    var flight: Flight<ArchiveHandle, Errno>?
  }

  let inode: InodeID
  let path: String
  var kind: FileKind { .regular }
  private let feed: TaskFeed
  private let context: MountContext
  private let state = Mutex(State())

  init(_ inode: InodeID, path: String, feed: TaskFeed, context: MountContext) {
    self.inode = inode
    self.path = path
    self.feed = feed
    self.context = context
  }

  /// What can be told without an archive.
  var unsizedReply: AttributeReply { reply(size: 0) }

  func getattr(_ file: (any OpenFile)?) -> Outcome<AttributeReply> {
    if let archive = file as? ArchiveHandle { return .ready(reply(size: archive.size)) }
    return archive().map { self.reply(size: $0.size) }
  }

  func open(_ flags: OpenFlags, caller: Caller) -> Outcome<OpenedFile> {
    guard !flags.contains(.write) else { return .failed(.permissionDenied) }
    return archive().map { OpenedFile($0, options: [.directIO, .noFlush]) }
  }

  private func reply(size: Int64) -> AttributeReply {
    let attributes = context.attributes(inode, .regular, permissions: 0o400, size: size, modified: feed.modified)
    return AttributeReply(attributes, timeout: .zero)
  }

  /// An archive that is no older than the window: one that is there, or a new one, made once for all who want it.
  private func archive() -> Outcome<ArchiveHandle> {
    let now = context.time.uptime()
    let window = max(context.options.window(finished: feed.isFinished), .seconds(1))
    let (known, flight, isNew) = state.withLock { state -> (ArchiveHandle?, Flight<ArchiveHandle, Errno>, Bool) in
      let flight = state.flight ?? Flight()
      if let newest = state.newest, now - newest.asked < window { return (newest.archive, flight, false) }
      if state.flight != nil { return (nil, flight, false) }
      state.flight = flight
      return (nil, flight, true)
    }
    if let known { return .ready(known) }
    if isNew {
      Task { [self] in
        let result: Result<ArchiveHandle, Errno>
        do throws(Errno) { result = .success(try await fetch()) } catch { result = .failure(error) }
        state.withLock { state in
          state.flight = nil
          state.newest = (try? result.get()).map { ($0, now) }
        }
        flight.finish(result)
        // A descriptor and its space are not held for a file that nobody looks at any more.
        try? await context.time.sleep(window)
        state.withLock { if $0.newest?.asked == now { $0.newest = nil } }
      }
    }
    return .pending { () async throws(Errno) in try await flight.value() }
  }

  private func fetch() async throws(Errno) -> ArchiveHandle {
    let spill = try SpillFile(directory: context.options.spillDirectory)
    let content = try await context.call("open", path) { () async throws(BerayError) in
      try await context.service.archive(of: feed.id, paths: [])
    }
    var iterator = content.body.makeAsyncIterator()
    var size: Int64 = 0
    while true {
      let piece: [UInt8]?
      do throws(BerayError) { piece = try await iterator.next() } catch { throw context.fail("open", path, error) }
      guard let piece else { break }
      try spill.write(piece[...], at: size)
      size += Int64(piece.count)
    }
    return ArchiveHandle(spill: spill, size: size)
  }
}

/// A whole archive, which every handle of it may share.
final class ArchiveHandle: OpenFile {
  let size: Int64
  private let spill: SpillFile

  init(spill: SpillFile, size: Int64) {
    self.spill = spill
    self.size = size
  }

  func read(offset: Int64, count: Int, flags: OpenFlags) -> Outcome<ArraySlice<UInt8>> {
    guard offset >= 0, offset < size else { return .ready([]) }
    return Outcome { () throws(Errno) in try spill.read(at: offset, count: Int(min(Int64(count), size - offset))) }
  }
}
