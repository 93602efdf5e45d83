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
  let state: Mutex<FileState>
  var kind: FileKind { .regular }

  /// A file that the server has.
  init(_ inode: InodeID, entry: FileEntry, in directory: WorkDirectory, at now: Timestamp, tree: WorkTree) {
    self.inode = inode
    self.tree = tree
    state = Mutex(
      FileState(
        place: .init(name: Name(entry.name), parent: directory), .onServer, listed: FileVersion(entry),
        mode: entry.mode,
        modified: entry.modified.map(Timestamp.init) ?? now))
  }

  /// A file that is made here.
  init(
    _ inode: InodeID, name: Name, in directory: WorkDirectory, permissions: UInt16, at now: Timestamp, tree: WorkTree
  ) {
    self.inode = inode
    self.tree = tree
    var state = FileState(
      place: .init(name: name, parent: directory), .new, listed: FileVersion(size: 0), mode: permissions & 0o777,
      modified: now)
    // Servers give new files 0644 anyway, so that mode is not sent.
    if permissions & 0o777 != 0o644 { state.unsentAttributes.set(mode: true, time: false) }
    self.state = Mutex(state)
  }

  // Operations on the file, grouped by purpose. Each holds only the file.
  var reader: FileReader { FileReader(file: self) }
  var fetcher: ContentFetcher { ContentFetcher(file: self) }
  var writer: FileWriter { FileWriter(file: self) }
  var uploader: FileUploader { FileUploader(file: self) }
  var attributeKeeper: AttributeKeeper { AttributeKeeper(file: self) }

  var now: Timestamp { tree.context.time.now() }

  var place: WorkDirectory.Place { state.withLock { $0.place } }
  var path: String {
    let place = place
    return "\(place.parent?.path ?? tree.path)/\(place.name)"
  }

  /// Another content, of which a listing told, on its way.
  var bringing: Flight<Void, Errno>? { state.withLock { $0.bringing?.flight } }

  /// Counts the contents that the file had, as far as they are known here.
  var generation: UInt32 { state.withLock { $0.generation } }

  /// Whether all of what the server has of it was written here.
  var isMadeHere: Bool { state.withLock { $0.server.isMadeHere } }

  /// Whether the server has no such file.
  var isNew: Bool { state.withLock { $0.existence.isNew } }

  func move(to place: WorkDirectory.Place) {
    state.withLock { state in
      state.moves(to: place)
      state.statusChanges(at: now)
    }
  }

  /// The name is gone: what is open goes on, and nothing more is uploaded.
  /// - Parameters:
  ///   - reason: why what the server has not is saved elsewhere; nil: it is to be dropped.
  ///   - forgotten: ends when the kernel does not lead anybody here by the name any more; nil: it does not already.
  func detach(because reason: String? = nil, forgotten: Flight<Void, Errno>? = nil) {
    let wasAttached = state.withLock { state in
      state.statusChanges(at: now)
      return state.existence.goes(forgotten: forgotten, isLost: reason != nil)
    }
    if wasAttached, let reason { tree.shared.rescue(self, because: reason) }
    state.withLock { _ in tree.shared.forget(self) }
    tree.shared.countKept()
  }

  /// Takes the file off the server's way, where the server has nothing of it and nothing is under way: the name can go
  /// without a request. Returns whether that is so.
  func detachUnlessSent() -> Bool {
    state.withLock { state in
      guard state.existence.isNew, state.turn.isFree else { return false }
      _ = state.existence.goes(forgotten: nil, isLost: false)
      state.statusChanges(at: now)
      return true
    }
  }

  /// Drops what can be read again.
  func dropContent() {
    state.withLock { state in
      guard !state.existence.isNew, state.buffer?.retire() != false else { return }
      if state.buffer != nil {
        state.endsWriting()
        writer.rememberWhileUnsent(state)
      }
      state.forgetsContent()
    }
    tree.context.notifier.invalidate(inode, pages: true)
  }

  /// A listing tells of the file.
  func adopt(_ entry: FileEntry) {
    let flight = Flight<Void, Errno>()
    let known = state.withLock { state -> FileVersion? in
      state.isListed(whileBringing: entry)
      guard state.comesWithContent(entry) else {
        takeOver(entry, &state)
        return nil
      }
      return state.begins(bringing: flight, of: entry) ? state.server.listed : nil
    }
    if let known { Task { await fetcher.bring(entry, since: known, flight) } }
  }

  /// Takes over what a listing tells. The kernel is told to forget before anybody is told the new size.
  func takeOver(_ entry: FileEntry, _ state: inout FileState) {
    // What the kernel was told.
    let size = state.former?.version.size ?? state.size
    let modified = state.former?.modified ?? state.modified
    // Of most files nothing is remembered.
    let mayBeDone = state.buffer != nil || !state.unsentAttributes.isEmpty
    if let pages = state.adopt(entry, at: now) {
      // The kernel ignores attributes that it asked for before a notice came. Those that differ make it drop pages.
      let isAnswered = state.opens.isAskedFor && (state.size != size || state.modified != modified)
      if !isAnswered { sendNotice(pages: pages, &state) }
    }
    if mayBeDone { writer.rememberWhileUnsent(state) }
  }

  /// Others changed the content: the kernel must drop its attributes and pages.
  func kernelForgets(_ state: inout FileState) {
    let isAnswered = state.former?.differs(fromSize: state.size, modified: state.modified) ?? false
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
    state.withLock { state in
      guard let (size, modified, areFormer) = state.tellKernel(at: tree.context.time.uptime()) else { return nil }
      // Who reads a former content is not to take the end of this one for its own.
      let isWritten = areFormer || state.opens.isWritten || state.buffer != nil || state.opens.hasFormerReaders
      var attributes = tree.context.attributes(
        inode, .regular, permissions: state.mode.map { $0 & 0o777 } ?? 0o600, size: size, modified: modified,
        links: state.existence.isGone ? 0 : 1, changed: state.statusChanged)
      if let accessed = state.accessed { attributes.accessed = accessed }
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
    let known = state.withLock {
      (isHere: $0.ignoresServer, parent: $0.place.parent, isOutOfDate: $0.existence.isOutOfDate && !$0.opens.isOpen)
    }
    if known.isOutOfDate { return .failed(.staleNFSFileHandle) }
    guard !known.isHere, let parent = known.parent else { return attributes(remaining: .zero) }
    let outcome = tree.whenFresh(parent, grace: WorkTree.grace) { self.revalidatedAttributes(remaining: $0) }
    guard case .pending(let work) = outcome else { return outcome }
    return .pending { [self] () async throws(Errno) in
      state.withLock { $0.opens.attributeRequestBegins() }
      defer { state.withLock { $0.opens.attributeRequestEnds() } }
      do throws(Errno) { return try await work() } catch  where error != .interrupted {
        // Who has it open goes on with what is known, as tail(1) while the server is away.
        guard error != .noSuchFileOrDirectory, error != .staleNFSFileHandle, state.withLock({ $0.opens.isOpen }),
          let reply = knownAttributes(remaining: .zero)
        else { throw error }
        return reply
      }
    }
  }

  /// What is known, unless the task may have changed a content of which the listing tells nothing.
  private func revalidatedAttributes(remaining: Duration) -> Outcome<AttributeReply> {
    if let bringing = state.withLock({ $0.bringing?.flight }) {
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

  /// What is known; the size is asked for where it is not.
  func attributes(remaining: Duration) -> Outcome<AttributeReply> {
    if let reply = knownAttributes(remaining: remaining) { return .ready(reply) }
    return .pending { [self] () async throws(Errno) in
      for _ in 0..<FileUploader.rounds {
        try await fetcher.learnSize()
        if let reply = knownAttributes(remaining: remaining) { return reply }
        // A content without a length may be on its way to who reads it.
        try await state.withLock { $0.source.remote?.stream }?.whole()
        if let reply = knownAttributes(remaining: remaining) { return reply }
        try await untilNamesStay()
      }
      throw .ioError
    }
  }

  func setattr(_ changes: AttributeChanges, file: (any OpenFile)?, caller: Caller) -> Outcome<AttributeReply> {
    if state.withLock({ $0.existence.isOutOfDate && !$0.opens.isOpen }) { return .failed(.staleNFSFileHandle) }
    return attributeKeeper.setAttributes(changes, hasHandle: file != nil)
  }
}

extension WorkFile {
  /// What the server has under the file's name; nil if it has none.
  var serverVersion: FileVersion? { state.withLock { $0.serverVersion } }
}

extension WorkFile {
  /// The server has the file, as empty as it was made.
  func isOnServer(_ receipt: UploadReceipt) {
    state.withLock { state in
      let version = FileVersion(size: 0, modified: receipt.modified, etag: receipt.etag)
      state.isMade(version, answered: receipt.date)
    }
  }
}
