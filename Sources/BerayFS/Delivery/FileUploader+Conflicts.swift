import Beray
import BerayAPI
import Synchronization
import SystemPackage
import VFS
import Waiting

/// What an upload does about a version that somebody else made since the write began.
///
/// What programs only appended goes behind that version. Anything else replaces it, for the last close wins, and
/// `.beray/errors` tells of it. What no program closes just now, a retry or an unmount, replaces nothing of others.
extension FileUploader {
  /// Brings `upload` to the server. If its bytes had to go behind somebody else's, it is then what went up.
  func bring(
    _ upload: inout WriteBuffer.Upload, of buffer: WriteBuffer, _ purpose: Purpose, within deadline: Duration?
  ) async throws(UploadFailure) -> UploadReceipt {
    let result: Delivery
    do throws(BerayError) {
      result = try await attempt(&upload, of: buffer, purpose, within: deadline)
    } catch {
      let errno = tree.context.fail(purpose.reason.rawValue, file.path, error)
      throw UploadFailure(error, errno: errno, changes: upload.changes)
    }
    switch result {
    case .arrived(let receipt): return receipt
    case .failed(.unknown(let errno)):
      throw UploadFailure(
        errno: errno, text: "the server did not tell which version it has", isTransient: true, changes: upload.changes)
    case .failed(.conflict):
      let text = "the file was changed on the server while its upload failed; the bytes written here are kept"
      let errno = tree.context.refuse(
        "upload", file.path, .resourceBusy, text,
        advice: "read the file through this mount, then write it again to replace the server's version")
      throw UploadFailure(
        errno: errno, text: text, isTransient: false, changes: upload.changes, isConflict: true)
    }
  }

  /// Whether the server has somebody else's version and only a close may replace that.
  var isInConflict: Bool { file.buffer?.failure?.isConflict ?? false }

  private enum Delivery {
    case arrived(UploadReceipt)
    case failed(ConflictPlan.Ending)
  }

  private func attempt(
    _ upload: inout WriteBuffer.Upload, of buffer: WriteBuffer, _ purpose: Purpose, within deadline: Duration?
  ) async throws(BerayError) -> Delivery {
    let parent = purpose.place.parent ?? tree.root
    let path = tree.serverPath(of: purpose.place.name, in: parent)
    let isConditional = (try? await tree.shared.capabilities().contains(.conditionalUploads)) ?? false
    guard purpose.whenArrived == nil else {
      return .arrived(
        try await putInPlace(upload.body, purpose, of: parent, at: path, within: deadline, isConditional))
    }
    if let receipt = try await file.writer.append(&upload, of: buffer, in: parent, at: path) {
      return .arrived(receipt)
    }
    var plan = ConflictPlan(
      isConditional: isConditional, yields: purpose.reason.yields, isWhole: buffer.isWhole, recent: recent)
    var step = plan.begins(sighting(of: buffer))
    while true {
      switch step {
      case .list(let age):
        let failure = await tree.refresher.relist(parent, unlessYoungerThan: age, for: file)
        step = plan.listed(sighting(of: buffer), failure: failure)
      case .examine(let version):
        switch try await examine(version, at: path, with: &upload, of: buffer) {
        case .arrived(let receipt): return .arrived(receipt)
        case .ours(let version): step = plan.isOurs(version)
        case .others: step = plan.isOthers(version)
        }
      case .put(let condition):
        do throws(BerayError) {
          let receipt = try await tree.put(upload.body, to: path, within: deadline, when: condition)
          if plan.replacesOthers { tree.tellOfReplaced(file.path, by: "upload") }
          return .arrived(receipt)
        } catch  where error.status == 412 && condition != nil {
          tree.markStale()
          step = plan.refused(sighting(of: buffer))
        }
      case .end(let ending): return .failed(ending)
      }
    }
  }

  private func sighting(of buffer: WriteBuffer) -> ConflictPlan.Sighting {
    let checked = file.known { $0.server.checked }
    return ConflictPlan.Sighting(
      version: file.serverVersion, isFresh: checked.map { tree.context.time.uptime() - $0 < recent } ?? false,
      base: buffer.base, appends: buffer.appendedFrom != nil)
  }

  /// Uploads the file under a name that it is about to get. The file there is replaced, unless the name must be new. If
  /// that file is not the known version, `.beray/errors` says so.
  private func putInPlace(
    _ body: UploadBody, _ purpose: Purpose, of parent: WorkDirectory, at path: String, within deadline: Duration?,
    _ isConditional: Bool
  ) async throws(BerayError) -> UploadReceipt {
    func known() -> WorkFile? { parent.child(purpose.place.name)?.node.file }
    let old = known()
    // To programs, a hidden name does not exist.
    let hidden = old == nil ? tree.renamer.hidden(purpose.place.name, in: parent)?.version : nil
    let condition =
      purpose.mustBeNew && hidden == nil ? .absent : VersionCondition(replacing: old?.serverVersion ?? hidden)
    var isReplacing = false
    if isConditional, let condition {
      do throws(BerayError) {
        return try await tree.put(body, to: path, within: deadline, when: condition)
      } catch  where error.status == 412 && !purpose.mustBeNew {
        let failure = await tree.refresher.relist(parent, unlessYoungerThan: .zero, for: old ?? file)
        isReplacing = failure != nil || known() != nil
      }
    } else if !purpose.mustBeNew {
      // A listing with another version moves the file's generation.
      let generation = old?.generation
      let failure = await tree.refresher.relist(parent, unlessYoungerThan: recent, for: old ?? file)
      isReplacing = failure == nil && known() != nil && known()?.generation != generation
    }
    let receipt = try await tree.put(body, to: path, within: deadline, when: nil)
    if isReplacing { tree.tellOfReplaced("\(parent.path)/\(purpose.place.name)", by: "rename") }
    return receipt
  }

  /// The largest age of a listing that counts as what the server has now.
  private var recent: Duration { min(tree.window, .seconds(1)) }

  // MARK: - Somebody else's version

  private enum Finding {
    /// The server has exactly these bytes: the answer of an upload was lost, or both wrote the same.
    case arrived(UploadReceipt)
    /// The appended bytes stand behind it now, or it is an earlier upload whose answer was lost.
    case ours(FileVersion)
    /// Somebody else wrote it, and the upload does not contain it.
    case others
  }

  private func examine(
    _ other: FileVersion, at path: String, with upload: inout WriteBuffer.Upload, of buffer: WriteBuffer
  ) async throws(BerayError) -> Finding {
    let receipt = UploadReceipt(etag: other.etag, modified: other.modified, raw: .null)
    let content: FileContent
    do throws(BerayError) {
      if other.size == nil || other.size == upload.body.length {
        let content = try await fetch(path)
        if content.size == nil || content.size == upload.body.length,
          try await content.body.isEqual(to: upload.body.open())
        {
          return .arrived(receipt)
        }
      }
      if let version = try await unanswered(other, at: path, of: buffer) { return .ours(version) }
      guard buffer.appendedFrom != nil else { return .others }
      content = try await fetch(path)
    } catch  where error.code == .notFound {
      return .others
    }
    do {
      let (spill, size) = try await tree.download(content, ContentExpectation(content, listed: other))
      let joined = try await buffer.putAppended(behind: spill, size: size, version: other)
      guard let joined else { return .others }
      file.change { state in
        state.contentChanged()
        state.wasAsked(at: tree.context.time.uptime())
        tree.context.notifier.invalidate(file.inode, pages: true)
      }
      upload = joined
      if joined.body.length == size { return .arrived(receipt) }
    } catch let error as BerayError {
      throw error
    } catch {
      throw BerayError(.invalidRequest, detail: "cannot use the temporary file: \(error)", operation: "upload")
    }
    return .ours(other.tagged(as: content))
  }

  /// `other`, if this mount uploaded it earlier: without an answer, or with one that gives no version.
  private func unanswered(
    _ other: FileVersion, at path: String, of buffer: WriteBuffer
  ) async throws(BerayError) -> FileVersion? {
    let sent = (buffer.unanswered + [file.known { $0.server.sent }].compactMap(\.self)).filter {
      other.size == nil || other.size == $0.size
    }
    guard let longest = sent.map(\.size).max() else { return nil }
    let content = try await fetch(path)
    guard let digest = try await ContentDigest(of: content.body, upTo: longest), sent.contains(digest) else {
      return nil
    }
    return other.tagged(as: content)
  }

  private func fetch(_ path: String) async throws(BerayError) -> FileContent {
    try await tree.context.service.fileContent(of: tree.task, path: path, range: nil, ifNoneMatch: nil)
  }
}
