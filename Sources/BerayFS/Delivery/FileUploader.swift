import Beray
import BerayAPI
import Synchronization
import SystemPackage
import VFS
import Waiting

/// Brings what programs wrote to the server. A file has one upload at a time. It carries the whole content, or only the
/// appended bytes if the server can append.
struct FileUploader: Sendable {
  let file: WorkFile
  var tree: WorkTree { file.tree }

  /// Uploads what the server lacks, and waits until it arrives. An interrupt ends the wait, not the upload.
  /// - Parameters:
  ///   - reason: what it is for.
  ///   - includingEmpty: whether a file that an open made or emptied, and nobody wrote to since, goes up as well.
  func upload(_ reason: UploadReason, includingEmpty: Bool) async throws(Errno) {
    guard let goal = file.buffer?.changes else { return }
    while true {
      switch nextStep(includingEmpty: includingEmpty) {
      case .done: return
      case .waitForName(let change): try await change.end()
      case .wait(let flight):
        try await flight.end()
        // An upload that failed carried these bytes, or fewer. A conflict is final for an upload that may replace
        // nothing of others.
        if let failure = file.buffer?.failure, failure.changes >= goal,
          !failure.isConflict || reason.yields
        {
          throw failure.errno
        }
      case .send(let upload, let buffer, let place, let flight):
        tree.shared.send(on: tree.context.service.executor) {
          await self.send(upload, of: buffer, .init(reason, to: place), flight)
        }
        try await flight.value()
        // What was written since is the next close's.
        if upload.changes >= goal { return }
      }
    }
  }

  /// What an upload is to do next.
  private enum Step {
    /// The server has everything, or is not to have it.
    case done
    /// The name is about to change; look again after it.
    case waitForName(Flight<Void, Errno>)
    /// Something is under way; look again after it.
    case wait(Flight<Void, Errno>)
    case send(WriteBuffer.Upload, of: WriteBuffer, to: WorkDirectory.Place, Flight<Void, Errno>)
  }

  /// Decides and begins in one step, so that no upload begins under a name that is about to go.
  private func nextStep(includingEmpty: Bool) -> Step {
    file.change { state in
      guard let buffer = state.buffer, state.existence.isSent, buffer.isUnsent(includingEmpty: includingEmpty) else {
        return .done
      }
      if let change = file.nameChange(state) { return .waitForName(change) }
      if let sending = state.turn.sending { return .wait(sending) }
      guard let upload = buffer.nextUpload(includingEmpty: includingEmpty, isDigested: tree.shared.holdsBack) else {
        return .done
      }
      let flight = Flight<Void, Errno>()
      state.turn.begins(sending: flight)
      return .send(upload, of: buffer, to: state.place, flight)
    }
  }

  /// What an upload is for.
  struct Purpose: Sendable {
    var reason: UploadReason
    /// The name on the server.
    var place: WorkDirectory.Place
    /// Runs when the bytes have gone up under a name that is not yet the file's, before anybody sees them there.
    var whenArrived: (@Sendable () -> Void)?
    /// Whether the server must have no file of that name.
    var mustBeNew = false

    init(_ reason: UploadReason, to place: WorkDirectory.Place) {
      self.reason = reason
      self.place = place
    }
  }

  /// Uploads everything that the server lacks, for a rename that has the file's turn: under the present name, or the
  /// coming one. A rename holds a directory's lock in the kernel, so the upload has a deadline, which grows with the
  /// size.
  func uploadWhileRenaming(_ purpose: Purpose) async throws(Errno) {
    let flight = Flight<Void, Errno>()
    let next = file.change { state -> (upload: WriteBuffer.Upload, buffer: WriteBuffer)? in
      guard !state.existence.isGone, let buffer = state.buffer,
        let upload = buffer.nextUpload(includingEmpty: true, isDigested: tree.shared.holdsBack)
      else { return nil }
      state.turn.begins(sending: flight)
      return (upload, buffer)
    }
    guard let (upload, buffer) = next else { return }
    let deadline = tree.context.options.timeouts.stall + .seconds(upload.body.length / Self.slowestRename)
    tree.shared.send(on: tree.context.service.executor) {
      await self.send(upload, of: buffer, purpose, within: deadline, flight)
    }
    try await flight.value()
  }

  /// The slowest upload within a rename, in bytes a second, beside the time that the server itself may take.
  private static let slowestRename: Int64 = 256 << 10

  private func send(
    _ upload: WriteBuffer.Upload, of buffer: WriteBuffer, _ purpose: Purpose, within deadline: Duration? = nil,
    _ flight: Flight<Void, Errno>
  ) async {
    file.endSending(flight, await deliver(upload, of: buffer, purpose, within: deadline))
  }

  private func deliver(
    _ upload: WriteBuffer.Upload, of buffer: WriteBuffer, _ purpose: Purpose, within deadline: Duration?
  ) async -> Result<Void, Errno> {
    var upload = upload
    do throws(UploadFailure) {
      let receipt = try await bring(&upload, of: buffer, purpose, within: deadline)
      purpose.whenArrived?()
      arrived(upload, of: buffer, receipt)
      await file.attributeKeeper.tellUnsentAttributes()
      return .success(())
    } catch {
      _ = buffer.ended(upload, failure: error)
      tree.shared.countKept()
      return .failure(error.errno)
    }
  }

  private func arrived(_ upload: WriteBuffer.Upload, of buffer: WriteBuffer, _ receipt: UploadReceipt) {
    let size = upload.isAlone ? upload.body.length : receipt.size
    let version = FileVersion(size: size, modified: receipt.modified, etag: receipt.etag)
    let hadFailed = buffer.failure != nil
    // If listings tell versions by time alone, another upload of ours may look like somebody else's.
    let digest = receipt.etag == nil ? upload.digest : nil
    let isAllSent = tree.change(file, isPlaced: true) { state in
      let isAllSent = state.arrives(
        upload, of: buffer, as: version, answered: receipt.date, digest: digest, at: tree.context.time.uptime())
      // The server's version holds bytes of others that are not here: the next reader asks for it.
      if isAllSent, !upload.isAlone, buffer.retire() {
        state.goesBack(toSize: version.size)
        tree.context.notifier.invalidate(file.inode, pages: true)
      }
      return isAllSent
    }
    // Nothing was written, so the kernel may rely on the time of the open that made the file.
    if version.size == 0 { tree.context.notifier.invalidate(file.inode, pages: false) }
    if isAllSent { file.writer.retireBuffer(buffer, content: upload.isAlone ? upload.bytes : nil) }
    if hadFailed { tree.shared.countKept() }
  }

  // MARK: - Retries

  /// Whether the upload waits for the server, or the network, to recover.
  var isToBeRetried: Bool {
    file.known { state in
      guard state.turn.sending == nil, state.existence.isSent, let failure = state.buffer?.failure else { return false }
      return failure.isTransient && !failure.isConflict
    }
  }
}
