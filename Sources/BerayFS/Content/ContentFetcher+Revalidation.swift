import Beray
import BerayAPI
import Synchronization
import SystemPackage
import VFS
import Waiting

/// What only asking for the content tells, where the listing does not: how long it is, and whether it is still the same.
extension ContentFetcher {
  /// Asks for the content to learn its length, once for all who ask.
  func learnSize() async throws(Errno) {
    if let batch = file.state.withLock({ $0.source.remote?.whole }) ?? tree.prefetcher.batch(onMissOf: file) {
      _ = try? await batch.value()
      if Task.isCancelled { throw .interrupted }
      if file.state.withLock({ $0.size != nil }) { return }
    }
    let job = SharedJob()
    let begun = file.state.withLock { state -> (flight: Flight<Void, Errno>, isOurs: Bool, generation: UInt32)? in
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
        let result: Result<Void, Errno>
        do throws(Errno) {
          _ = try await request("stat", .length, generation)
          result = .success(())
        } catch {
          result = .failure(error)
        }
        sized(flight)
        flight.finish(result)
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
    file.state.withLock { $0.changeRemote { $0.ended(sizing: flight) } }
  }

  /// Whether only asking for the content tells whether it is still the same.
  /// - Parameter onNews: whether to ask only where the task may have changed it since.
  func needsRevalidation(onNews: Bool = false) -> Bool {
    let (window, isRunning) = (tree.window, tree.isRunning)
    return file.state.withLock { state in
      guard !state.listed.tellsContent, !state.existence.isGone, let checked = state.checked,
        state.buffer?.isUnsent(includingEmpty: true) != true,
        tree.context.time.uptime() - checked >= window
      else { return false }
      return !onNews || tree.mayHaveChanged(since: checked, isRunning: isRunning)
    }
  }

  /// Asks whether the content is still what was read; the size is set and pages are dropped where it is not.
  func revalidate() async throws(Errno) {
    let asked = tree.context.time.uptime()
    let known = file.state.withLock { (tag: $0.contentTag, generation: $0.generation) }
    let old = file.state.withLock { $0.buffer }?.small ?? tree.shared.cache[file.reader.wholeKey(known.generation)]
    let name = tree.asked(file)
    try await tree.context.call("open", file.path) { () async throws(BerayError) in
      let content = try await tree.context.service.fileContent(
        of: tree.task, path: name.path, range: nil, ifNoneMatch: known.tag)
      // Under the path may be another file by now; the next look asks for this one.
      guard tree.isAnswer(to: name, about: file) else { return }
      if content.isUnchanged {
        file.state.withLock { $0.checked = asked }
        return
      }
      // What was uploaded here, where nobody is known to have changed it since.
      let sent = file.state.withLock { $0.isMadeHere ? $0.sent : nil }
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
      let listed = file.state.withLock { $0.listed }
      if let bytes, !ContentExpectation(content, listed: listed).isMet(by: Int64(bytes.count)) {
        // Another content, or a wrong answer: the listing tells which, and the read asks again.
        tree.markStale()
        return
      }
      if let bytes { isSame = old.map { $0 == bytes } ?? (sent == ContentDigest(bytes)) }
      if isSame {
        file.state.withLock { state in
          state.checked = asked
          state.contentTag = content.etag
        }
        return
      }
      let generation = file.state.withLock { state -> UInt32? in
        // What a program wrote meanwhile is what the file is.
        guard state.generation == known.generation, state.buffer?.retire() != false else { return nil }
        if state.buffer != nil { state.endsWriting() }
        file.writer.rememberWhileUnsent(state)
        state.changedByOthers()
        state.statusChanges(at: file.now)
        state.isMadeHere = false
        state.size = bytes.map { Int64($0.count) } ?? content.size
        state.checked = asked
        state.contentTag = content.etag
        state.modified = content.modified.map(Timestamp.init) ?? tree.context.time.now()
        tree.context.notifier.invalidate(file.inode, pages: true)
        return state.generation
      }
      if let bytes, let generation { install(bytes, of: content, asked: asked, generation) }
    }
    if file.state.withLock({ $0.size == nil }) { try await learnSize() }
  }

  // MARK: - Content and size together

  /// Whether an open has to read the content: while the task runs, it may be newer than the listing, and a size that was
  /// told before would cut it.
  func isToBeRead(_ flags: OpenFlags) -> Bool {
    guard flags.contains(.read), tree.isRunning else { return false }
    let key = file.state.withLock { state -> ContentCache.Key? in
      if state.bringing != nil { return nil }
      guard let remote = state.source.remote, remote.stream == nil, let size = state.size, size > 0,
        size <= ContentCache.wholeLimit
      else { return nil }
      return file.reader.wholeKey(state.generation)
    }
    return key.map { !tree.shared.cache.contains($0) } ?? false
  }

  /// Reads a small file, and lets the kernel forget a size that is not the one of what came.
  func readAtOpen() async throws(Errno) {
    let told = file.state.withLock { $0.size }
    do throws(Errno) { _ = try await file.reader.wholeContent() } catch  where error != .interrupted {
      // Whoever reads it gets the error.
    }
    if file.state.withLock({ $0.size != told }) { try await tree.context.untilTheKernelForgot() }
  }

  /// Fetches the content of which a listing told, and takes over both at once.
  /// - Parameter known: what was known of the file when the listing came. Where that is another by now, neither is news.
  func bring(_ entry: FileEntry, since known: FileVersion, _ flight: Flight<Void, Errno>) async {
    let asked = tree.context.time.uptime()
    let name = tree.asked(file)
    var content: (bytes: [UInt8], answer: FileContent)?
    do throws(BerayError) {
      let answer = try await tree.context.service.fileContent(
        of: tree.task, path: name.path, range: nil, ifNoneMatch: nil)
      let expectation = ContentExpectation(answer, listed: FileVersion(entry))
      let bytes = try await answer.body.collect(upTo: ContentCache.wholeLimit)
      if tree.isAnswer(to: name, about: file), expectation.isMet(by: Int64(bytes.count)) { content = (bytes, answer) }
    } catch {
      // Whoever reads it asks for it again, and gets the error.
    }
    let isOutdated = file.state.withLock { state in
      let isOutdated = state.endsBringing()
      guard !state.existence.isGone, !state.existence.isNew, state.listed == known else { return true }
      file.takeOver(entry, &state)
      if let (bytes, answer) = content {
        keepVersion(size: Int64(bytes.count), of: answer, &state)
        keep(bytes, asked: asked, &state)
      }
      return isOutdated
    }
    if isOutdated { tree.markStale() }
    flight.finish(.success(()))
  }
}

extension ContentFetcher {
  /// Whether it is a file that a batch may bring: small, on the server, not in memory and not on its way.
  func isPrefetchable(upTo limit: Int64, takesUnknown: Bool) -> Bool {
    let generation = file.state.withLock { state -> UInt32? in
      guard let remote = state.source.remote, remote.whole == nil, remote.stream == nil, !state.existence.isNew,
        !state.existence.isGone
      else { return nil }
      if let size = state.size { return size > 0 && size <= limit ? state.generation : nil }
      return takesUnknown ? state.generation : nil
    }
    return generation.map { !tree.shared.cache.contains(file.reader.wholeKey($0)) } ?? false
  }
}
