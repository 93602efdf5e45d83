import Beray
import BerayAPI
import Synchronization
import SystemPackage
import VFS
import Waiting

/// What only a request for the content can tell on servers whose listings say little: its length, and whether it
/// changed.
extension ContentFetcher {
  /// Asks for the content to learn its length. All who ask at the same time share one request.
  func learnSize() async throws(Errno) {
    if let batch = file.known({ $0.source.remote?.whole }) ?? tree.prefetcher.batch(onMissOf: file) {
      _ = try? await batch.value()
      if Task.isCancelled { throw .interrupted }
      if file.known({ $0.size != nil }) { return }
    }
    let job = SharedJob()
    let begun = file.change { state -> (flight: Flight<Void, Errno>, isOurs: Bool, generation: UInt32)? in
      let generation = state.generation
      return state.changeRemote { remote in
        if let running = remote.sizing { return (running, false, generation) }
        let flight = Flight<Void, Errno>(cancellation: .interrupted) { job.end() }
        remote.begins(sizing: flight)
        return (flight, true, generation)
      }
    }
    // What programs wrote has a size.
    guard let (flight, isOurs, generation) = begun else { return }
    if isOurs {
      job.run { [self] in
        await flight.finish { () async throws(Errno) in
          _ = try await request("stat", .length, generation)
        } landed: {
          sized(flight)
        }
      }
    }
    do throws(Errno) {
      try await flight.value()
    } catch  where error == .interrupted && !Task.isCancelled {
      // The last who waited for it has gone just now.
      sized(flight)
      try await learnSize()
    }
  }

  private func sized(_ flight: Flight<Void, Errno>) {
    file.change { $0.changeRemote { $0.ended(sizing: flight) } }
  }

  /// Whether only a request for the content can tell if it changed.
  /// - Parameter onNews: whether to ask only where the task may have changed it since.
  func needsRevalidation(onNews: Bool = false) -> Bool {
    let (window, isRunning) = (tree.window, tree.isRunning)
    return file.known { state in
      guard !state.server.listed.tellsContent, !state.existence.isGone, let checked = state.server.checked,
        state.buffer?.isUnsent(includingEmpty: true) != true,
        tree.context.time.uptime() - checked >= window
      else { return false }
      return !onNews || tree.mayHaveChanged(since: checked, isRunning: isRunning)
    }
  }

  /// Asks whether the content is still the one that was read. If it is not, the size is updated and the kernel's pages
  /// are dropped.
  func revalidate() async throws(Errno) {
    let asked = tree.context.time.uptime()
    let known = file.known { (tag: $0.server.contentTag, generation: $0.generation) }
    let old = file.buffer?.small ?? tree.shared.cache[file.reader.wholeKey(known.generation)]
    let name = tree.asked(file)
    try await tree.context.call("open", file.path) { () async throws(BerayError) in
      let content = try await tree.context.service.fileContent(
        of: tree.task, path: name.path, range: nil, ifNoneMatch: known.tag)
      // The path may lead to another file by now. The next look asks for this one.
      guard tree.isAnswer(to: name, about: file) else { return }
      if content.isUnchanged {
        file.change { $0.wasAsked(at: asked) }
        return
      }
      // This mount uploaded it, and no sign of a later change has come.
      let sent = file.known { $0.server.isMadeHere ? $0.server.sent : nil }
      var bytes: [UInt8]?
      var isSame = false
      if let sent, sent.size > ContentCache.wholeLimit {
        if (content.size ?? sent.size) == sent.size {
          isSame = try await ContentDigest(of: content.body, upTo: sent.size) == sent
        }
      } else if (content.size ?? 0) <= ContentCache.wholeLimit {
        do throws(BerayError) {
          bytes = try await content.body.collect(upTo: ContentCache.wholeLimit)
        } catch  where error.code == .invalidResponse {
          // It grew too large for memory.
        }
      }
      let listed = file.known { $0.server.listed }
      if let bytes, !ContentExpectation(content, listed: listed).isMet(by: Int64(bytes.count)) {
        // A new content, or a wrong answer. The listing decides which, and the read asks again.
        tree.markStale()
        return
      }
      if let bytes { isSame = old.map { $0 == bytes } ?? (sent == ContentDigest(bytes)) }
      if isSame {
        file.change { $0.wasRead(content.etag, at: asked) }
        return
      }
      let generation = file.change { state -> UInt32? in
        // A program wrote meanwhile: its bytes are the file's content now.
        guard state.generation == known.generation, state.buffer?.retire() != false else { return nil }
        if state.buffer != nil { state.endsWriting() }
        state.changedByOthers(
          content.etag, size: bytes.map { Int64($0.count) } ?? content.size,
          modified: content.modified.map(Timestamp.init) ?? file.now, asked: asked)
        state.statusChanges(at: file.now)
        file.kernelForgets(&state)
        return state.generation
      }
      if let bytes, let generation { install(bytes, of: content, asked: asked, generation) }
    }
    if file.known({ $0.size == nil }) { try await learnSize() }
  }

  // MARK: - Content and size together

  /// Whether an open has to read the content. While the task runs it may be newer than the listing, and the listed size
  /// would cut it off.
  func isToBeRead(_ flags: OpenFlags) -> Bool {
    guard flags.contains(.read), tree.isRunning else { return false }
    let key = file.known { state -> ContentCache.Key? in
      if state.bringing != nil { return nil }
      guard let remote = state.source.remote, remote.stream == nil, let size = state.size, size > 0,
        size <= ContentCache.wholeLimit
      else { return nil }
      return file.reader.wholeKey(state.generation)
    }
    return key.map { !tree.shared.cache.contains($0) } ?? false
  }

  /// Reads a small file. If its size differs from the one the kernel knows, the kernel forgets that.
  func readAtOpen() async throws(Errno) {
    let told = file.known { $0.size }
    do throws(Errno) { _ = try await file.reader.wholeContent() } catch  where error != .interrupted {
      // Whoever reads it gets the error.
    }
    if file.known({ $0.size != told }) { try await tree.context.untilTheKernelForgot(file.inode) }
  }

  /// Fetches the content that a listing announced, and takes over content and listing together.
  /// - Parameter known: what was known of the file when the listing came. If that is another by now, neither is news.
  func bring(_ entry: FileEntry, since known: FileVersion, _ flight: Flight<Void, Errno>) async {
    let asked = tree.context.time.uptime()
    let content = await completeContent()
    var isWrong = false
    if let content {
      let expectation = ContentExpectation(content.answer, listed: FileVersion(entry))
      isWrong = !expectation.isMet(by: Int64(content.bytes.count))
      // The file was changed again, or the answer is wrong. Another listing tells which.
      if isWrong, let parent = file.place.parent {
        tree.markStale()
        try? await tree.refresher.refresh(parent)
      }
    }
    let isOutdated = file.change { state in
      let newest = state.endsBringing()
      guard !state.existence.isGone, !state.existence.isNew, state.server.listed == known else { return true }
      // The file was put back.
      if isWrong, newest == known { return false }
      // Without a length of its own an answer may have ended early.
      let isNewer = content?.answer.size != nil && newest.map { $0 != FileVersion(entry) } ?? false
      guard let (bytes, answer) = content, !isWrong || isNewer else {
        file.takeOver(entry, &state)
        return newest != nil
      }
      var found = entry
      found.size = Int64(bytes.count)
      // Proxies add marks of weakness, which make no other version.
      if let tag = answer.etag, let listed = entry.etag, !EntityTag(tag).weaklyMatches(EntityTag(listed)) {
        found.etag = tag
      }
      file.takeOver(found, &state)
      keepVersion(size: Int64(bytes.count), of: answer, &state)
      keep(bytes, asked: asked, &state)
      return newest != nil
    }
    if isOutdated { tree.markStale() }
    flight.finish(.success(()))
  }

  /// A small content and what came with it; nil if it did not come, or not all of it.
  private func completeContent() async -> (bytes: [UInt8], answer: FileContent)? {
    let name = tree.asked(file)
    do throws(BerayError) {
      let answer = try await tree.context.service.fileContent(
        of: tree.task, path: name.path, range: nil, ifNoneMatch: nil)
      let bytes = try await answer.body.collect(upTo: ContentCache.wholeLimit)
      guard tree.isAnswer(to: name, about: file), answer.size ?? Int64(bytes.count) == bytes.count else { return nil }
      return (bytes, answer)
    } catch {
      // The next reader asks again, and gets the error.
      return nil
    }
  }
}

extension ContentFetcher {
  /// Whether a batch may bring the file: it is small, on the server, and neither in memory nor on its way.
  func isPrefetchable(upTo limit: Int64, takesUnknown: Bool) -> Bool {
    let generation = file.known { state -> UInt32? in
      guard let remote = state.source.remote, remote.whole == nil, remote.stream == nil, !state.existence.isNew,
        !state.existence.isGone
      else { return nil }
      if let size = state.size { return size > 0 && size <= limit ? state.generation : nil }
      return takesUnknown ? state.generation : nil
    }
    return generation.map { !tree.shared.cache.contains(file.reader.wholeKey($0)) } ?? false
  }
}
