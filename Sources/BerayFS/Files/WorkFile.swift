import Beray
import BerayAPI
import Synchronization
import SystemPackage
import VFS
import Waiting

/// A regular file of a work directory.
final class WorkFile: Node {
  let inode: InodeID
  let tree: WorkTree
  private let state: Mutex<FileState>
  var kind: FileKind { .regular }

  /// A file that the server has.
  init(_ inode: InodeID, entry: FileEntry, in directory: WorkDirectory, at now: Timestamp, tree: WorkTree) {
    self.inode = inode
    self.tree = tree
    state = Mutex(
      FileState(
        place: .init(name: Name(entry.name), parent: directory), .onServer, listed: FileVersion(entry),
        FileAttributes(mode: entry.mode, modified: entry.modified.map(Timestamp.init) ?? now)))
  }

  /// A file that is made here.
  init(
    _ inode: InodeID, name: Name, in directory: WorkDirectory, permissions: UInt16, at now: Timestamp, tree: WorkTree
  ) {
    self.inode = inode
    self.tree = tree
    var state = FileState(
      place: .init(name: name, parent: directory), .new, listed: FileVersion(size: 0),
      FileAttributes(mode: permissions & 0o777, modified: now))
    // Servers give new files 0644 anyway, so that mode is not sent.
    if permissions & 0o777 != 0o644 { state.markUnsent(mode: true) }
    self.state = Mutex(state)
  }

  // Operations on the file, grouped by purpose. Each holds only the file.
  var reader: FileReader { FileReader(file: self) }
  var fetcher: ContentFetcher { ContentFetcher(file: self) }
  var writer: FileWriter { FileWriter(file: self) }
  var uploader: FileUploader { FileUploader(file: self) }
  var attributeKeeper: AttributeKeeper { AttributeKeeper(file: self) }

  var now: Timestamp { tree.context.time.now() }

  // MARK: - State

  /// Looks at the state, under its lock. `body` waits for nothing and looks at no other file.
  func known<Value>(_ body: (borrowing FileState) -> Value) -> Value { state.withLock { body($0) } }

  /// Tells the state what happened, under its lock. Afterwards the file is registered as its new state asks for.
  func change<Value>(_ body: (inout FileState) -> Value) -> Value {
    state.withLock { state in
      defer { register(state.isUnfinished(keepsAttributes: tree.shared.keepsAttributes), &state) }
      return body(&state)
    }
  }

  /// Registers the file, or ends that: the end of the mount and the rename of a directory look at the files that are
  /// registered. While it is so under the file's lock, nobody who looks misses what the file does next.
  func register(_ isRegistered: Bool, _ state: inout FileState) {
    guard state.registers(isRegistered) else { return }
    if isRegistered { tree.shared.remember(self) } else { tree.shared.forget(self) }
  }

  /// What programs wrote, while the server has something else.
  var buffer: WriteBuffer? { known { $0.buffer } }

  /// Whether no name leads to it any more.
  var isGone: Bool { known { $0.existence.isGone } }

  var place: WorkDirectory.Place { known { $0.place } }
  var path: String {
    let place = place
    return "\(place.parent?.path ?? tree.path)/\(place.name)"
  }

  /// Another content, of which a listing told, on its way.
  var bringing: Flight<Void, Errno>? { known { $0.bringing?.flight } }

  /// Counts the contents that the file had, as far as they are known here.
  var generation: UInt32 { known { $0.generation } }

  /// Whether all of what the server has of it was written here.
  var isMadeHere: Bool { known { $0.server.isMadeHere } }

  /// Whether the server has no such file.
  var isNew: Bool { known { $0.existence.isNew } }

  func move(to place: WorkDirectory.Place) {
    change { state in
      state.moves(to: place)
      state.statusChanges(at: now)
    }
  }

  /// The name is gone: what is open goes on, and nothing more is uploaded.
  /// - Parameters:
  ///   - reason: why unsent bytes are saved elsewhere; nil drops them.
  ///   - forgotten: resolves once the kernel has dropped the name. Nil when it already has.
  func detach(because reason: String? = nil, forgotten: Flight<Void, Errno>? = nil) {
    let rescue = reason.map { (path: path, reason: $0) }
    change { state in
      state.statusChanges(at: now)
      let wasAttached = state.existence.goes(forgotten: forgotten, isLost: rescue != nil)
      guard wasAttached, let rescue, let buffer = state.buffer else { return }
      // Begun while the file is still registered: the end of the mount finds the one or the other.
      tree.shared.rescue(buffer, of: rescue.path, because: rescue.reason)
    }
    tree.shared.countKept()
  }

  /// Detaches a file that the server does not have and nobody is sending. Returns false for any other.
  func detachUnlessSent() -> Bool {
    change { state in
      guard state.existence.isNew, state.turn.isFree else { return false }
      _ = state.existence.goes(forgotten: nil, isLost: false)
      state.statusChanges(at: now)
      return true
    }
  }

  /// Drops what can be read again.
  func dropContent() {
    change { state in
      guard !state.existence.isNew, state.buffer?.retire() != false else { return }
      if state.buffer != nil { state.endsWriting() }
      state.forgetsContent()
    }
    tree.context.notifier.invalidate(inode, pages: true)
  }

  /// A listing tells of the file.
  func adopt(_ entry: FileEntry) {
    let flight = Flight<Void, Errno>()
    let known = change { state -> FileVersion? in
      state.noteListing(whileBringing: entry)
      guard state.comesWithContent(entry) else {
        takeOver(entry, &state)
        return nil
      }
      return state.begins(bringing: flight) ? state.server.listed : nil
    }
    if let known { Task { await fetcher.bring(entry, since: known, flight) } }
  }

  /// Takes over what a listing tells. The kernel is told to forget before anybody is told the new size.
  func takeOver(_ entry: FileEntry, _ state: inout FileState) {
    // What the kernel was told.
    let size = state.former?.version.size ?? state.size
    let modified = state.former?.modified ?? state.attributes.modified
    let outdated = state.adopt(entry, at: now)
    guard outdated != .nothing else { return }
    // The kernel ignores attributes that it asked for before a notice came. Those that differ make it drop pages.
    let isAnswered = state.opens.isAskedFor && (state.size != size || state.attributes.modified != modified)
    if !isAnswered { sendNotice(pages: outdated == .attributesAndPages, &state) }
  }

  /// Others changed the content: the kernel must drop its attributes and pages.
  func kernelForgets(_ state: inout FileState) {
    let isAnswered = state.former?.differs(fromSize: state.size, modified: state.attributes.modified) ?? false
    guard !(state.opens.isAskedFor && isAnswered) else { return }
    sendNotice(pages: true, &state)
  }

  /// Has the kernel forget attributes, and `pages` as well.
  func sendNotice(pages: Bool, _ state: inout FileState) {
    let notifier = tree.context.notifier
    notifier.invalidate(inode, pages: pages)
    guard state.former != nil else { return }
    let notice = Flight<Void, Errno>()
    notifier.whenInvalidated(inode) { notice.finish(.success(())) }
    state.announces(notice, at: tree.context.time.uptime())
  }

  // MARK: - Attributes

  /// What is known without asking; nil if the size is not.
  func knownAttributes(remaining: Duration) -> AttributeReply? {
    change { state in
      guard let (size, modified, areFormer) = state.tellKernel(at: tree.context.time.uptime()) else { return nil }
      // A reader of the former content must not take the new size for its end.
      let isWritten = areFormer || state.opens.isWritten || state.buffer != nil || state.opens.hasFormerReaders
      var attributes = tree.context.attributes(
        inode, .regular, permissions: state.attributes.mode.map { $0 & 0o777 } ?? 0o600, size: size, modified: modified,
        links: state.existence.isGone ? 0 : 1, changed: state.statusChanged)
      if let accessed = state.attributes.accessed { attributes.accessed = accessed }
      return AttributeReply(attributes, timeout: isWritten ? .zero : remaining)
    }
  }

  func getattr(_ file: (any OpenFile)?) -> Outcome<AttributeReply> {
    let outcome = openAttributes()
    // The kernel asks by handle where a read comes upon the end of what it knows.
    guard let handle = file as? WorkHandle else { return outcome }
    return outcome.map { [self] reply throws(Errno) in
      guard !reader.isCut(handle, size: reply.attributes.size) else { throw reader.refuseOtherVersion() }
      return reply
    }
  }

  private func openAttributes() -> Outcome<AttributeReply> {
    let now = known {
      (isHere: $0.ignoresServer, parent: $0.place.parent, isOutOfDate: $0.existence.isOutOfDate && !$0.opens.isOpen)
    }
    if now.isOutOfDate { return .failed(.staleNFSFileHandle) }
    guard !now.isHere, let parent = now.parent else { return attributes(remaining: .zero) }
    let outcome = tree.whenFresh(parent, grace: WorkTree.grace) { self.revalidatedAttributes(remaining: $0) }
    guard case .pending(let work) = outcome else { return outcome }
    return .pending { [self] () async throws(Errno) in
      change { $0.opens.attributeRequestBegins() }
      defer { change { $0.opens.attributeRequestEnds() } }
      do throws(Errno) { return try await work() } catch  where error != .interrupted {
        // Who has it open goes on with what is known, as tail(1) while the server is away.
        guard error != .noSuchFileOrDirectory, error != .staleNFSFileHandle, known({ $0.opens.isOpen }),
          let reply = knownAttributes(remaining: .zero)
        else { throw error }
        return reply
      }
    }
  }

  /// What is known, unless the task may have changed a content of which the listing tells nothing.
  private func revalidatedAttributes(remaining: Duration) -> Outcome<AttributeReply> {
    if let bringing = known({ $0.bringing?.flight }) {
      return .pending { [self] () async throws(Errno) in
        try await bringing.end()
        return try await attributes(remaining: remaining).get()
      }
    }
    guard fetcher.needsRevalidation(onNews: true) else { return attributes(remaining: remaining) }
    return .pending { [self] () async throws(Errno) in
      // If it cannot be asked, what is known is better than nothing.
      do throws(Errno) { try await fetcher.revalidate() } catch  where error != .interrupted {}
      return try await attributes(remaining: remaining).get()
    }
  }

  /// How often the size is asked for, while the file changes in between.
  private static let sizeRounds = 4

  /// What is known; the size is asked for where it is not.
  func attributes(remaining: Duration) -> Outcome<AttributeReply> {
    if let reply = knownAttributes(remaining: remaining) { return .ready(reply) }
    return .pending { [self] () async throws(Errno) in
      for _ in 0..<Self.sizeRounds {
        try await fetcher.learnSize()
        if let reply = knownAttributes(remaining: remaining) { return reply }
        // A content without a length may be on its way to who reads it.
        try await known { $0.source.remote?.stream }?.whole()
        if let reply = knownAttributes(remaining: remaining) { return reply }
        try await untilNamesStay()
      }
      throw .ioError
    }
  }

  func setattr(_ changes: AttributeChanges, file: (any OpenFile)?, caller: Caller) -> Outcome<AttributeReply> {
    if known({ $0.existence.isOutOfDate && !$0.opens.isOpen }) { return .failed(.staleNFSFileHandle) }
    return attributeKeeper.setAttributes(changes, hasHandle: file != nil)
  }

  /// What the server has under the file's name; nil if it has none.
  var serverVersion: FileVersion? { known { $0.serverVersion } }

  /// The server has the file, as empty as it was made.
  func serverMade(_ receipt: UploadReceipt) {
    change { state in
      let version = FileVersion(size: 0, modified: receipt.modified, etag: receipt.etag)
      state.markMade(version, answered: receipt.date)
    }
  }
}
