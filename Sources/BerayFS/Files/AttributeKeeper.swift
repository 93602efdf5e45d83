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
      let isOpen = hasHandle || file.known { $0.opens.isWritten || $0.existence.isHeldBack }
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
    file.change { state in
      if let accessed { state.sets(accessed: accessed) }
      state.statusChanges(at: file.now)
    }
    guard mode != nil || modified != nil else { return .done }
    let isKept = file.change { state in
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
        file.change { set(mode, modified, &$0) }
      }
    }
  }

  /// Sets them here, and notes that the server has to be told if it stores them.
  private func set(_ mode: UInt16?, _ modified: Timestamp?, _ state: inout FileState) {
    if let mode { state.sets(mode: mode) }
    if let modified { state.sets(modified: modified) }
    state.markUnsent(mode: mode != nil, time: modified != nil)
  }

  /// How often attributes are told, while others make new versions in between.
  private static let rounds = 4

  /// Changes the server's file, in turn with uploads and renames. If that fails, nothing has changed.
  private func tell(_ mode: UInt16?, _ modified: Timestamp?) async throws(Errno) {
    let flight = Flight<Void, Errno>()
    while let other = beginTelling(flight) { try await other.end() }
    defer { file.endSending(flight, .success(())) }
    guard !file.isGone else { return }
    do throws(BerayError) {
      try await request(mode, modified)
    } catch {
      throw tree.context.fail("setattr", file.path, error)
    }
    file.change { state in
      if let mode { state.sets(mode: mode) }
      if let modified { state.sets(modified: modified) }
      state.statusChanges(at: file.now)
    }
  }

  /// Asks for the listing. Returns whether it came.
  private func relist() async -> Bool {
    guard let parent = file.place.parent else { return false }
    return await tree.refresher.relist(parent, unlessYoungerThan: .zero, for: file) == nil
  }

  /// Returns what has to end first, if anything.
  private func beginTelling(_ flight: Flight<Void, Errno>) -> Flight<Void, Errno>? {
    file.change { state in
      // A directory's rename that does not know of this file yet is seen here.
      file.register(true, &state)
      if let other = file.nameChange(state) ?? state.turn.sending { return other }
      state.turn.begins(sending: flight)
      return nil
    }
  }

  /// Asks the server to change them. If somebody else made another version, that version gets them once it is known
  /// here.
  private func request(_ mode: UInt16?, _ modified: Timestamp?) async throws(BerayError) {
    for _ in 1..<Self.rounds {
      do throws(BerayError) {
        return try await request(mode, modified, ofKnownVersion: true)
      } catch  where error.status == 412 {
        tree.markStale()
        guard await relist() else { throw error }
        guard !file.isGone else {
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
      isConditional && ofKnownVersion ? VersionCondition(replacing: file.known { $0.server.listed }) : nil
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
      state.present(as: version, answered: receipt.date)
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
      state.present(as: version, answered: receipt.date)
    }
  }

  // MARK: - What was set before the server had the file

  /// The file is about to replace `old`, whose mode the server would keep.
  func keepsItsMode(replacing old: WorkFile) {
    let oldMode = old.known { $0.attributes.mode }
    file.change { state in
      if state.attributes.mode != oldMode { state.markUnsent(mode: true) }
    }
  }

  /// Whether programs set attributes that the server could store and was not told.
  var hasUntoldAttributes: Bool {
    file.known { tree.shared.keepsAttributes && $0.turn.sending == nil && untoldAttributes($0) != nil }
  }

  private struct Untold {
    var mode: UInt16?
    var modified: Timestamp?
    /// ``UnsentAttributes/changes``.
    var changes: UInt32
  }

  /// What to tell the server now, which has the content.
  private func untoldAttributes(_ state: borrowing FileState) -> Untold? {
    let unsent = state.attributes.unsent
    // An upload would change the time again.
    guard !unsent.isEmpty, !state.ignoresServer else { return nil }
    return Untold(
      mode: unsent.hasMode ? state.attributes.mode : nil,
      modified: unsent.hasTime ? state.buffer?.modified ?? state.attributes.modified : nil, changes: unsent.changes)
  }

  /// Tells what was set before the server had the content; call it while the file has its turn. A failure is retried by
  /// ``UploadRetrier/retryLater(_:)``.
  func tellUnsentAttributes() async {
    guard !file.known({ $0.attributes.unsent.isEmpty }),
      let capabilities = try? await tree.shared.capabilities(),
      capabilities.contains(.attributes)
    else { return }
    var rounds = 0
    while let untold = file.known({ untoldAttributes($0) }) {
      do throws(BerayError) {
        try await request(untold.mode, untold.modified, ofKnownVersion: true)
      } catch  where error.status == 412 && rounds < Self.rounds {
        // They were set on our own version. If somebody else made another, the next listing drops them.
        rounds += 1
        tree.markStale()
        guard await relist() else { return }
        continue
      } catch {
        let errno = tree.context.fail("setattr", file.path, error)
        if UploadFailure(error, errno: errno, changes: 0).isTransient { return }
      }
      // A refusal counts as told: `.beray/errors` has it, and the next listing shows what the server has.
      file.change { $0.markTold(upTo: untold.changes) }
    }
  }

  /// Tries again what an earlier attempt could not tell.
  func retryAttributes() async {
    let flight = Flight<Void, Errno>()
    while let other = beginTelling(flight) {
      do throws(Errno) { try await other.end() } catch { return }
    }
    await tellUnsentAttributes()
    file.endSending(flight, .success(()))
  }
}
