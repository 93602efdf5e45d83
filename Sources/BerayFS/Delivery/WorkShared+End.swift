import Beray
import Logging
import Synchronization
import SystemPackage
import VFS
import Waiting

/// What happens to bytes that the server lacks when a mount or a task ends.
extension WorkShared {
  /// The uploads that are under way, so that they can be ended.
  struct Sending: Sendable {
    var tasks: [UInt64: Task<Void, Never>] = [:]
    var next: UInt64 = 0
    var isOver = false
  }

  /// Runs an upload or a rescue in a task of its own, which the end of the mount cancels and waits for.
  /// - Parameter executor: where it runs by preference; nil: where it may block.
  func send(on executor: (any TaskExecutor)?, _ body: @escaping @Sendable () async -> Void) {
    let late = sending.withLock { sending -> Task<Void, Never>? in
      let number = sending.next
      sending.next += 1
      let task = Task(executorPreference: executor) { [self] in
        await body()
        sent(number)
      }
      sending.tasks[number] = task
      return sending.isOver ? task : nil
    }
    late?.cancel()
  }

  private func sent(_ number: UInt64) {
    sending.withLock { _ = $0.tasks.removeValue(forKey: number) }
  }

  /// Uploads what no program is writing any more, and waits for uploads under way, while programs go on. Names that
  /// wait for their rename stay held back, and new uploads may begin afterwards.
  /// - Parameter end: when it ends at the latest, by ``TimeSource/uptime``.
  func uploadClosed(until end: Duration, progress: @escaping @Sendable (String) -> Void) async {
    let closed = unsent.filter { file, buffer in
      file.known { $0.turn.sending != nil || !$0.opens.isWritten }
    }
    await upload(closed.map(\.file), until: end, progress)
  }

  /// Uploads everything that the server lacks. At `deadline` whatever is under way is ended, and no upload begins
  /// afterwards. Returns the paths of what the server still lacks.
  func uploadAll(deadline: Duration, progress: @escaping @Sendable (String) -> Void) async -> [String] {
    for file in writtenFiles { file.letGo() }
    await upload(unsent.map(\.file), until: context.time.uptime() + deadline, progress)
    return unsent.map(\.file.path)
  }

  private func upload(
    _ files: [WorkFile], until end: Duration, _ progress: @escaping @Sendable (String) -> Void
  ) async {
    guard !writtenFiles.isEmpty else { return }
    // What is in conflict was told, and is saved elsewhere.
    let files = files.filter { !$0.uploader.isInConflict }
    await race {
      for (index, file) in files.enumerated() where !Task.isCancelled {
        progress("uploading \(index + 1) of \(files.count): \(file.path)")
        _ = try? await file.uploader.upload(.unmount, includingEmpty: true)
      }
      for file in self.writtenFiles {
        try? await file.sending?.end()
        if file.attributeKeeper.hasUntoldAttributes { await file.attributeKeeper.retryAttributes() }
      }
    } against: { [context] in
      try? await context.time.sleep(end - context.time.uptime())
    }
  }

  /// Ends the uploads under way, and lets none begin. What is unsent then stays unsent.
  func endSending() async {
    while true {
      let tasks = sending.withLock { sending in
        sending.isOver = true
        return Array(sending.tasks.values)
      }
      guard !tasks.isEmpty else { return }
      for task in tasks { task.cancel() }
      for task in tasks { await task.value }
    }
  }

  /// Saves what could not be uploaded in `directory`. Returns the files; ``losses`` tells of the rest.
  func rescue(to directory: String) async -> [RescuedFile] {
    await endSending()
    for file in writtenFiles where file.attributeKeeper.hasUntoldAttributes {
      lose("\(file.path): its mode or times did not reach the server")
    }
    return unsent.compactMap { file, buffer in
      do throws(Errno) {
        return try Rescue(directory: directory).save(buffer, as: file.path, at: context.time.now())
      } catch {
        lose("\(file.path): neither uploaded nor saved in \(directory): \(error)")
        return nil
      }
    }
  }

  /// The server has no place for the file at `path` any more. What it never got of `buffer` is saved now, and
  /// `.beray/errors` says where.
  func rescue(_ buffer: WriteBuffer, of path: String, because reason: String) {
    guard buffer.isUnsent(includingEmpty: false) else { return }
    send(on: nil) { [self] in
      let directory = context.options.rescueDirectory
      let advice: String
      do throws(Errno) {
        let saved = try Rescue(directory: directory).save(buffer, as: path, at: context.time.now())
        advice = "what was written is saved as \(saved.savedAs)"
      } catch {
        advice = "saving what was written in \(directory) failed: \(error)"
        lose("\(path): \(reason), and saving it in \(directory) failed: \(error)")
      }
      _ = context.refuse("upload", path, .staleNFSFileHandle, reason, advice: advice)
    }
  }

  func lose(_ line: String) {
    lost.withLock { $0.append(line) }
    context.logger.error("\(line)")
  }

  /// What is neither on the server nor beneath ``MountOptions/rescueDirectory``, as lines for people.
  var losses: [String] { lost.withLock { $0 } }
}
