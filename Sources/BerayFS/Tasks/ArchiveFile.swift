import Beray
import Synchronization
import SystemPackage
import VFS
import Waiting

/// `files.zip`: the work directory as a ZIP, complete before anybody sees it, so that its size is right and unzip can
/// seek.
final class ArchiveFile: Node {
  /// One request for an archive.
  private struct Request {
    let flight: Flight<ArchiveHandle, Errno>
    /// It ends with the last who waits for it.
    let job = SharedJob()
    var asked: Duration
    var revision: WorkTree.Revision

    init(asked: Duration, revision: WorkTree.Revision) {
      flight = Flight(cancellation: .interrupted) { [job] in job.end() }
      self.asked = asked
      self.revision = revision
    }
  }

  private struct State {
    /// The request under way, or the newest whose archive is kept.
    var newest: Request?
    var archive: ArchiveHandle?
  }

  /// For this long, the stat, open and reads of a program get the same archive, whatever the agent does.
  private static let grace = Duration.seconds(1)

  let inode: InodeID
  let path: String
  var kind: FileKind { .regular }
  private let feed: TaskFeed
  private let work: WorkTree
  private let context: MountContext
  private let state = Mutex(State())

  init(_ inode: InodeID, path: String, feed: TaskFeed, work: WorkTree, context: MountContext) {
    self.inode = inode
    self.path = path
    self.feed = feed
    self.work = work
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

  /// The next look makes the archive anew.
  func expire() { state.withLock { $0 = State() } }

  /// An archive that is no older than the window: the present one, or a new one that is made once for all who ask.
  private func archive() -> Outcome<ArchiveHandle> {
    let (now, revision) = (context.time.uptime(), work.revision)
    let window = max(context.options.window(finished: feed.isFinished), Self.grace)
    let (known, request, isNew) = state.withLock { state -> (ArchiveHandle?, Request, Bool) in
      if let newest = state.newest, newest.revision.changes == revision.changes {
        if state.archive == nil { return (nil, newest, false) }
        let isUnchanged = newest.revision == revision || now - newest.asked < Self.grace
        if isUnchanged, now - newest.asked < window { return (state.archive, newest, false) }
      }
      let request = Request(asked: now, revision: revision)
      state = State(newest: request)
      return (nil, request, true)
    }
    if let known { return .ready(known) }
    if isNew { request.job.run { [self] in await run(request, keptFor: window) } }
    return .pending { [self] () async throws(Errno) in
      do throws(Errno) { return try await request.flight.value() } catch
        where error == .interrupted && !Task.isCancelled
      {
        // The last who waited for it has gone just now.
        state.withLock { if $0.newest?.flight === request.flight { $0 = State() } }
        return try await archive().get()
      }
    }
  }

  private func run(_ request: Request, keptFor window: Duration) async {
    func change(_ body: (inout State) -> Void) {
      state.withLock { if $0.newest?.flight === request.flight { body(&$0) } }
    }
    do throws(Errno) {
      let archive = try await fetch()
      change { $0.archive = archive }
      request.flight.finish(.success(archive))
    } catch {
      change { $0 = State() }
      request.flight.finish(.failure(error))
      return
    }
    // Frees the descriptor and the space when nobody looks at the file any more.
    try? await context.time.sleep(window)
    change { $0 = State() }
  }

  private func fetch() async throws(Errno) -> ArchiveHandle {
    let spill = try await kept { () throws(Errno) in try context.spills.makeFile() }
    let limit = work.archiveLimit
    let content = try await context.call("open", path) { () async throws(BerayError) in
      try await context.service.archive(of: feed.id, paths: [])
    }
    var iterator = content.body.makeAsyncIterator()
    var size: Int64 = 0
    while true {
      let piece: [UInt8]?
      do throws(BerayError) { piece = try await iterator.next() } catch { throw context.fail("open", path, error) }
      guard let piece else { break }
      if let fault = Self.fault(piece, at: size, limit) {
        throw context.fail("open", path, BerayError(.invalidResponse, detail: fault, operation: "open"))
      }
      let offset = size
      try await kept { () async throws(Errno) in
        try await DiskExecutor.run { () throws(Errno) in try spill.write(piece[...], at: offset, leavingRoom: true) }
      }
      size += Int64(piece.count)
    }
    return ArchiveHandle(spill: spill, size: size)
  }

  /// Why an answer cannot be an archive of the work directory; nil if it can.
  private static func fault(_ piece: [UInt8], at offset: Int64, _ limit: Int64) -> String? {
    if offset == 0, !piece.starts(with: Array("PK".utf8).prefix(piece.count)) {
      return "the server's answer is not a ZIP"
    }
    guard offset + Int64(piece.count) > limit else { return nil }
    return "the server's archive is larger than \(limit >> 20) MiB, which is more than its files need"
  }

  /// Stores the archive on this machine. A failure goes to `.beray/errors`, because no server would report it.
  private func kept<Value>(_ body: () async throws(Errno) -> Value) async throws(Errno) -> Value {
    do throws(Errno) { return try await body() } catch {
      let directory = context.options.spillDirectory
      throw context.refuse(
        "open", path, error, "the archive cannot be kept beneath \(directory): \(error)",
        advice: "make room in \(directory)")
    }
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
