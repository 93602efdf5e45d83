import Beray
import BerayAPI
import Synchronization
import SystemPackage
import VFS
import Waiting

/// Keeps modes and times: tells them to a server that stores them, and otherwise remembers them for the life of the
/// mount.
struct AttributeKeeper: Sendable {
  let file: WorkFile
  var tree: WorkTree { file.tree }

  func setAttributes(_ changes: AttributeChanges, hasHandle: Bool) -> Outcome<AttributeReply> {
    if let refusal = tree.attributeRules.refusal(of: changes, for: file.path) { return .failed(refusal) }
    let resized: Outcome<Void>
    if let size = changes.size {
      guard size >= 0 else { return .failed(.invalidArgument) }
      let isOpen = hasHandle || file.state.withLock { $0.opens.isWritten || $0.existence.isHeldBack }
      resized = isOpen ? file.writer.truncateOpen(to: size) : file.writer.truncateByPath(to: size)
    } else {
      resized = .done
    }
    return resized.then { [self] in
      keep(changes).then { [self] in file.attributes(remaining: .zero) }
    }
  }

  private func keep(_ changes: AttributeChanges) -> Outcome<Void> {
    let modified = changes.modified.map { tree.attributeRules.timestamp($0) }
    let mode = changes.permissions.map { $0 & 0o777 }
    let accessed = changes.accessed.map { tree.attributeRules.timestamp($0) }
    file.state.withLock { state in
      if let accessed { state.sets(accessed: accessed) }
      state.statusChanges(at: file.now)
    }
    guard mode != nil || modified != nil else { return .done }
    let isKept = file.state.withLock { state in
      // What will be uploaded later is told then.
      let isKept = state.ignoresServer
      if isKept { set(mode, modified, &state) }
      return isKept
    }
    guard !isKept else { return .done }
    return .pending { [self] () async throws(Errno) in
      if try await tree.shared.capabilities().contains(.attributes) {
        try await tell(mode, modified)
      } else {
        file.state.withLock { set(mode, modified, &$0) }
      }
    }
  }

  /// Sets them here, and notes that the server has to be told if it stores them.
  private func set(_ mode: UInt16?, _ modified: Timestamp?, _ state: inout FileState) {
    if let mode { state.sets(mode: mode) }
    if let modified { state.sets(modified: modified) }
    state.unsentAttributes.set(mode: mode != nil, time: modified != nil)
    file.writer.rememberWhileUnsent(state)
  }

  /// Changes the server's file, in turn with uploads and renames. If that fails, nothing has changed.
  private func tell(_ mode: UInt16?, _ modified: Timestamp?) async throws(Errno) {
    let flight = Flight<Void, Errno>()
    while let other = beginTelling(flight) { try await other.end() }
    defer { file.uploader.sent(flight, .success(())) }
    guard !file.state.withLock({ $0.existence.isGone }) else { return }
    do throws(BerayError) {
      try await request(mode, modified)
    } catch {
      throw tree.context.fail("setattr", file.path, error)
    }
    file.state.withLock { state in
      if let mode { state.sets(mode: mode) }
      if let modified { state.sets(modified: modified) }
      state.statusChanges(at: file.now)
    }
  }

  /// Returns what has to end first, if anything.
  private func beginTelling(_ flight: Flight<Void, Errno>) -> Flight<Void, Errno>? {
    file.state.withLock { state in
      tree.shared.remember(file)
      if let other = file.nameChange(state) ?? state.turn.sending {
        file.writer.rememberWhileUnsent(state)
        return other
      }
      state.turn.begins(sending: flight)
      return nil
    }
  }

  /// Asks the server to change them. If somebody else made another version, that version gets them once it is known
  /// here.
  private func request(_ mode: UInt16?, _ modified: Timestamp?) async throws(BerayError) {
    for _ in 1..<FileUploader.rounds {
      do throws(BerayError) {
        return try await request(mode, modified, ofKnownVersion: true)
      } catch  where error.status == 412 {
        tree.markStale()
        guard let parent = file.place.parent, await file.uploader.relist(parent, age: .zero) == nil else { throw error }
        guard !file.state.withLock({ $0.existence.isGone }) else {
          throw BerayError(.notFound, detail: "it was removed on the server", operation: "setattr")
        }
      }
    }
    try await request(mode, modified, ofKnownVersion: false)
  }

  /// - Parameter ofKnownVersion: whether the server is to change no other version than the one that is known here, where it
  ///   can tell: what it answers is taken for that one's.
  private func request(
    _ mode: UInt16?, _ modified: Timestamp?, ofKnownVersion: Bool
  ) async throws(BerayError) {
    let isConditional = (try? await tree.shared.capabilities().contains(.conditionalAttributes)) ?? false
    let condition =
      isConditional && ofKnownVersion ? VersionCondition(replacing: file.state.withLock { $0.server.listed }) : nil
    let receipt = try await tree.context.service.setAttributes(
      of: tree.task, path: tree.serverPath(of: file), mode: mode, modified: modified.map(UTCTime.init),
      when: condition)
    tree.change(file, isPlaced: false) { state in
      // Another length means somebody else's version, which the next listing shows.
      guard receipt.size == nil || state.server.listed.size == nil || receipt.size == state.server.listed.size else {
        return
      }
      var version = state.server.listed
      version.etag = receipt.etag
      version.modified = receipt.modified ?? modified.map(UTCTime.init) ?? version.modified
      becameVersion(version, answered: receipt.date, &state)
    }
  }

  /// The server renamed the file. Its entity tag moves if it depends on the inode's change time.
  func wasMoved(_ receipt: UploadReceipt) {
    guard let etag = receipt.etag else { return }
    tree.change(file, isPlaced: false) { state in
      guard state.server.listed.etag != nil, receipt.size == nil || receipt.size == state.server.listed.size else {
        return
      }
      var version = state.server.listed
      version.etag = etag
      becameVersion(version, answered: receipt.date, &state)
    }
  }

  /// The same content has a new time on the server, and maybe a new entity tag. Neither is a change of content.
  private func becameVersion(_ version: FileVersion, answered: UTCTime?, _ state: inout FileState) {
    if let buffer = state.buffer, buffer.base == state.server.listed { buffer.base = version }
    if version.etag != state.server.listed.etag {
      state.learns { $0.contentComes(with: version.etag) }
      state.changeRemote { $0.dropRanges() }
    }
    state.learns { $0.becomes(version, answered: answered) }
  }

  // MARK: - What was set before the server had the file

  /// The file is about to replace `old`, whose mode the server would keep.
  func keepsItsMode(replacing old: WorkFile) {
    let oldMode = old.state.withLock { $0.mode }
    file.state.withLock { state in
      if state.mode != oldMode { state.unsentAttributes.set(mode: true, time: false) }
    }
  }

  /// Whether programs set attributes that the server could store and was not told.
  var hasUntoldAttributes: Bool {
    file.state.withLock { tree.shared.keepsAttributes && $0.turn.sending == nil && untoldAttributes($0) != nil }
  }

  private struct Untold {
    var mode: UInt16?
    var modified: Timestamp?
    /// ``UnsentAttributes/changes``.
    var changes: UInt32
  }

  /// What to tell the server now, which has the content.
  private func untoldAttributes(_ state: borrowing FileState) -> Untold? {
    let unsent = state.unsentAttributes
    // An upload would change the time again.
    guard !unsent.isEmpty, !state.ignoresServer else { return nil }
    return Untold(
      mode: unsent.hasMode ? state.mode : nil,
      modified: unsent.hasTime ? state.buffer?.modified ?? state.modified : nil, changes: unsent.changes)
  }

  /// Tells what was set before the server had the content; call it while the file has its turn. A failure is retried by
  /// ``WorkTree/retryLater(_:)``.
  func tellUnsentAttributes() async {
    guard !file.state.withLock({ $0.unsentAttributes.isEmpty }),
      let capabilities = try? await tree.shared.capabilities(),
      capabilities.contains(.attributes)
    else { return }
    var rounds = 0
    while let untold = file.state.withLock({ untoldAttributes($0) }) {
      do throws(BerayError) {
        try await request(untold.mode, untold.modified, ofKnownVersion: true)
      } catch  where error.status == 412 && rounds < FileUploader.rounds {
        // They were set on our own version. If somebody else made another, the next listing drops them.
        rounds += 1
        tree.markStale()
        guard let parent = file.place.parent, await file.uploader.relist(parent, age: .zero) == nil else { return }
        continue
      } catch {
        let errno = tree.context.fail("setattr", file.path, error)
        if UploadFailure(error, errno: errno, changes: 0).isTransient { return }
      }
      // A refusal counts as told: `.beray/errors` has it, and the next listing shows what the server has.
      file.state.withLock { $0.unsentAttributes.told(upTo: untold.changes) }
    }
  }

  /// Tries again what an earlier attempt could not tell.
  func retryAttributes() async {
    let flight = Flight<Void, Errno>()
    while let other = beginTelling(flight) {
      do throws(Errno) { try await other.end() } catch { return }
    }
    await tellUnsentAttributes()
    file.uploader.sent(flight, .success(()))
  }
}
