import BerayAPI
import BerayClient
import Synchronization
import SystemPackage
import VFS

/// How what programs wrote reaches the server: one upload at a time for a file, each of its whole content.
extension WorkFile {
  /// Uploads what the server has not, and waits until it has it. An interrupt ends the wait and not the upload.
  /// - Parameters:
  ///   - operation: what it is for, in `.beray/errors`.
  ///   - includingEmpty: whether a file that an open made or emptied, and nobody wrote to since, goes up as well.
  func upload(_ operation: String, includingEmpty: Bool) async throws(Errno) {
    guard let goal = state.withLock({ $0.buffer })?.changes else { return }
    while hasUnsent(includingEmpty: includingEmpty) {
      // Both at once, so that no upload begins under a name that a rename is about to take away.
      let (rename, next) = state.withLock {
        state -> (Flight<Void, Errno>?, (step: WriteBuffer.Step, buffer: WriteBuffer)?) in
        if let rename = state.rename { return (rename, nil) }
        return (nil, state.buffer.map { ($0.nextUpload(includingEmpty: includingEmpty), $0) })
      }
      if let rename { try await rename.end() }
      guard let next else { continue }
      switch next.step {
      case .done: return
      case .wait(let flight): try await flight.value()
      case .send(let flight, let upload):
        let place = place
        tree.shared.send { await self.send(upload, of: next.buffer, .init(operation, to: place), flight) }
        try await flight.value()
        // What was written since is the next close's.
        if upload.changes >= goal { return }
      }
    }
  }

  /// What an upload is for.
  struct Purpose: Sendable {
    /// In `.beray/errors`.
    var operation: String
    /// The name on the server.
    var place: WorkDirectory.Place
    /// Where it is not the name that the file has: runs once the server has the bytes, before anything else sees that.
    var whenArrived: (@Sendable () -> Void)?

    init(_ operation: String, to place: WorkDirectory.Place) {
      self.operation = operation
      self.place = place
    }
  }

  /// Uploads everything that the server has not, for a rename: under the name that the file has, or is to get. A rename
  /// holds a directory's lock in the kernel, so it has an end, which grows with the size.
  func uploadWhileRenaming(_ purpose: Purpose) async throws(Errno) {
    while let buffer = state.withLock({ $0.isDetached ? nil : $0.buffer }) {
      switch buffer.nextUpload(includingEmpty: true) {
      case .done: return
      case .wait(let flight): try await flight.end()
      case .send(let flight, let upload):
        let deadline = tree.context.options.timeouts.stall + .seconds(upload.body.length / Self.slowestRename)
        tree.shared.send { await self.send(upload, of: buffer, purpose, within: deadline, flight) }
        return try await flight.value()
      }
    }
  }

  /// Bytes a second that an upload has to get through within a rename, beside the time that the server may take.
  private static let slowestRename: Int64 = 256 << 10

  private func send(
    _ upload: WriteBuffer.Upload, of buffer: WriteBuffer, _ purpose: Purpose, within deadline: Duration? = nil,
    _ flight: Flight<Void, Errno>
  ) async {
    let parent = purpose.place.parent ?? tree.root
    let (path, shownPath) = (tree.serverPath(of: purpose.place.name, in: parent), path)
    if !["retry", "unmount", "rename"].contains(purpose.operation) {
      // So that a version of somebody else, which this one replaces, is known of. At most one request in a window.
      _ = try? await tree.whenFresh(parent) { _ in Outcome<Void>.done }.get()
    }
    do throws(BerayError) {
      let receipt = try await send(upload.body, to: path, within: deadline)
      if let whenArrived = purpose.whenArrived { whenArrived() } else { tellOfReplaced(buffer, shownPath) }
      arrived(upload, of: buffer, receipt)
      await sendAttributes()
      flight.finish(.success(()))
    } catch {
      let errno = tree.context.fail(purpose.operation, shownPath, error)
      let failure = UploadFailure(error, errno: errno, changes: upload.changes)
      _ = buffer.ended(upload, failure: failure)
      tree.shared.countKept()
      flight.finish(.failure(errno))
      if failure.isTransient, !["truncate", "rename"].contains(purpose.operation) { retry(buffer, after: failure) }
    }
  }

  private func send(
    _ body: UploadBody, to path: String, within deadline: Duration?
  ) async throws(BerayError) -> UploadReceipt {
    let (context, task) = (tree.context, tree.task)
    guard !Task.isCancelled else {
      throw BerayError(.cancelled, detail: "the mount ends", operation: "upload")
    }
    guard let deadline else {
      return try await context.service.uploadFile(to: task, path: path, content: body, contentType: nil)
    }
    let result: Result<UploadReceipt, BerayError> = await withTaskGroup { group in
      group.addTask { () -> Result<UploadReceipt, BerayError> in
        do throws(BerayError) {
          return .success(try await context.service.uploadFile(to: task, path: path, content: body, contentType: nil))
        } catch {
          return .failure(error)
        }
      }
      group.addTask {
        let isOver = (try? await context.time.sleep(deadline)) != nil
        let detail = "the upload did not arrive within \(deadline)"
        return .failure(BerayError(isOver ? .timedOut : .cancelled, detail: detail, operation: "upload"))
      }
      defer { group.cancelAll() }
      return await group.next() ?? .failure(BerayError(.cancelled, detail: "", operation: "upload"))
    }
    return try result.get()
  }

  private func arrived(_ upload: WriteBuffer.Upload, of buffer: WriteBuffer, _ receipt: UploadReceipt) {
    let version = FileVersion(size: upload.body.length, modified: receipt.modified, etag: receipt.etag)
    let place = state.withLock { state -> WorkDirectory.Place in
      state.isLocal = false
      state.isHeldBack = false
      state.listed = version
      state.adoptsNextListing = true
      state.contentTag = receipt.etag
      state.checked = tree.context.time.uptime()
      // A time that was set and is not told yet stands in the buffer, unless a write came after it.
      let received = state.unsentAttributes ? nil : receipt.modified.map(Timestamp.init)
      state.modified = received ?? buffer.modified
      buffer.base = version
      return state.place
    }
    let hadFailed = buffer.failure != nil
    let isAllSent = buffer.ended(upload, failure: nil)
    if let parent = place.parent { tree.arrived(place.name, in: parent) }
    if isAllSent { retireBuffer(content: upload.bytes) }
    if hadFailed { tree.shared.countKept() }
  }

  /// The last close wins. That somebody else's version is lost is told.
  private func tellOfReplaced(_ buffer: WriteBuffer, _ path: String) {
    let listed = state.withLock { $0.isLocal ? nil : $0.listed }
    guard let listed, isForeign(listed, to: buffer) else { return }
    _ = tree.context.refuse(
      "upload", path, .resourceBusy,
      "the file was changed on the server while it was written here; this upload replaced that version",
      advice: "compare with what the other writer has; nothing is to be done if this version is the right one")
  }

  // MARK: - Retries

  /// Tries a failed upload again, later and later, while the server's version is the one that the write began from.
  private func retry(_ buffer: WriteBuffer, after failure: UploadFailure) {
    guard buffer.beginRetrying() else { return }
    Task { [tree] in
      defer { buffer.endRetrying() }
      var pause = Duration.seconds(failure.retryAfter ?? 1)
      while true {
        do { try await tree.context.time.sleep(pause) } catch { return }
        guard hasUnsent(includingEmpty: true), state.withLock({ $0.buffer }) === buffer, buffer.failure != nil else {
          return
        }
        if let changed = await isChangedOnServer(buffer) {
          if changed {
            buffer.becameConflict()
            _ = tree.context.refuse(
              "upload", path, .resourceBusy,
              "the file was changed on the server while its upload failed; the bytes written here are kept",
              advice: "read the file through this mount, then write it again to replace the server's version")
            return
          }
          do throws(Errno) {
            try await upload("retry", includingEmpty: true)
            return
          } catch {
            guard let failure = buffer.failure, failure.isTransient else { return }
          }
        }
        pause = min(pause * 2, .seconds(60))
      }
    }
  }

  /// Whether the server's version is another than the one that the write began from; nil where the server does not
  /// answer.
  private func isChangedOnServer(_ buffer: WriteBuffer) async -> Bool? {
    guard let parent = place.parent else { return nil }
    tree.markStale()
    do throws(Errno) { try await tree.refresh(parent) } catch { return error == .noSuchFileOrDirectory ? true : nil }
    let listed = state.withLock { $0.isLocal ? nil : $0.listed }
    return listed.map { isForeign($0, to: buffer) } ?? false
  }

  /// Whether what the server lists is another version than the one that the write began from. Where that was none, any
  /// is.
  private func isForeign(_ listed: FileVersion, to buffer: WriteBuffer) -> Bool {
    guard let base = buffer.base else { return true }
    return !listed.isSameContent(as: base)
  }
}

extension WorkTree {
  /// The server has the file now, and so the directories above it.
  func arrived(_ name: Name, in directory: WorkDirectory) {
    touched(name, in: directory)
    var next: WorkDirectory? = directory
    while let directory = next, directory.isHeldHere {
      directory.isHeldHere = false
      structure.withLock { $0.directories[directory.inode]?.isLocal = false }
      let place = directory.place
      if let parent = place.parent { touched(place.name, in: parent) }
      next = place.parent
    }
  }
}
