import Beray
import Synchronization
import SystemPackage
import VFS

/// Changes the content of a file, through one ``WriteBuffer`` for all handles.
struct FileWriter: Sendable {
  let file: WorkFile
  var tree: WorkTree { file.tree }

  /// Whether programs wrote something that is to go to the server.
  func hasUnsent(includingEmpty: Bool) -> Bool {
    file.known { state in
      state.existence.isSent && state.buffer?.isUnsent(includingEmpty: includingEmpty) ?? false
    }
  }

  /// Whether it is gone, though this mount did not remove it.
  var isLost: Bool { file.known { $0.existence.isLost } }

  /// Whether programs wrote something that the server will never get, because the file is gone there.
  var hasLostBytes: Bool {
    file.known { state in
      guard state.existence.isLost, let buffer = state.buffer else { return false }
      return buffer.isUnsent(includingEmpty: false)
    }
  }

  /// An open with O_TRUNC: nothing is asked of the server.
  func truncateAtOpen(_ state: inout FileState) {
    if let buffer = state.buffer { buffer.empty(now: file.now) } else { attachEmpty(&state) }
  }

  func attachEmpty(_ state: inout FileState) {
    state.begins(
      writing: WriteBuffer([], base: state.serverVersion, isFresh: true, at: file.now, shared: tree.shared))
  }

  /// The buffer, if it exists or can be made without asking the server.
  /// - Parameter replacing: how many bytes from the start of the file are about to be overwritten, if they are.
  func bufferFromMemory(replacing: Int64?) -> WriteBuffer? {
    file.change { state in
      if let buffer = state.buffer { return buffer }
      guard let size = state.size else { return nil }
      let content: [UInt8]
      if size == 0 || (replacing ?? 0) >= size {
        content = []
      } else if size <= ContentCache.wholeLimit, let cached = tree.shared.cache[file.reader.wholeKey(state.generation)]
      {
        content = cached
      } else {
        return nil
      }
      let buffer = WriteBuffer(
        content, base: state.serverVersion, isFresh: false, at: state.attributes.modified, shared: tree.shared)
      state.begins(writing: buffer)
      return buffer
    }
  }

  /// The buffer, filled with the server's content.
  /// - Parameter hasTurn: whether the caller is about to change the file's name: nobody else does meanwhile.
  func bufferWithContent(hasTurn: Bool = false) async throws(Errno) -> WriteBuffer {
    for _ in 0..<4 {
      let path = tree.serverPath(of: file)
      do throws(Errno) {
        if let buffer = try await bufferFromServer() { return buffer }
        if !hasTurn { try await file.untilNamesStay() }
      } catch  where error == .noSuchFileOrDirectory && !hasTurn {
        guard try await file.reader.wasRenamed(from: path) else { throw error }
      }
    }
    throw .ioError
  }

  /// The same; nil if the content is another by now.
  private func bufferFromServer() async throws(Errno) -> WriteBuffer? {
    if let buffer = bufferFromMemory(replacing: nil) { return buffer }
    guard let size = file.known({ $0.size }) else {
      try await file.fetcher.learnSize()
      return bufferFromMemory(replacing: nil)
    }
    if size > ContentCache.wholeLimit { return try await largeBuffer() }
    let generation = file.known { $0.generation }
    guard let bytes = try await file.reader.wholeContent(allowsBatch: false) else { return nil }
    return file.change { state in
      if let buffer = state.buffer { return buffer }
      guard state.generation == generation else { return nil }
      let buffer = WriteBuffer(
        bytes, base: state.serverVersion, isFresh: false, at: state.attributes.modified, shared: tree.shared)
      state.begins(writing: buffer)
      return buffer
    }
  }

  /// The buffer of a file that is too large for memory; nil if the content changed meanwhile.
  private func largeBuffer() async throws(Errno) -> WriteBuffer? {
    let known = file.known { (generation: $0.generation, listed: $0.server.listed, size: $0.size) }
    guard let (spill, size) = try await file.reader.wholeSpill(known.listed, known.generation), size == known.size
    else {
      return nil
    }
    return file.change { state in
      if let buffer = state.buffer { return buffer }
      guard state.generation == known.generation, state.server.listed.isSameContent(as: known.listed) else {
        return nil
      }
      let buffer = WriteBuffer(
        spill, size: size, base: state.serverVersion, at: state.attributes.modified, shared: tree.shared)
      state.begins(writing: buffer)
      return buffer
    }
  }

  // MARK: - Close

  /// `handle` was closed. Unsent bytes go up now, in the background.
  func closed(_ handle: WorkHandle) {
    defer { file.hold() }
    let next = file.change { state -> (sends: Bool, stream: StreamReader?, isDone: Bool) in
      let wasFormer = handle.pass.withLock { $0.epoch } != state.epoch
      let isLast = state.opens.closed(handle.flags, wasFormer: wasFormer)
      var stream: StreamReader?
      if isLast {
        tree.watch.closed(file)
        stream = state.changeRemote { $0.closed() } ?? nil
      }
      if state.existence.isGone { return (false, stream, isLast) }
      // A file that an open made is new to the server, even if nobody could write to it.
      guard handle.flags.contains(.write) || state.existence.isNew, let buffer = state.buffer,
        state.existence.isSent
      else { return (false, stream, false) }
      guard buffer.isUnsent(includingEmpty: true) else { return (false, stream, !state.opens.isWritten) }
      // A failure at close was told there, and is retried in its own time.
      let wasTold = buffer.failure.map { $0.changes == buffer.changes } ?? false
      return (!wasTold, stream, false)
    }
    next.stream?.cancel()
    if next.isDone { retireBuffer() }
    if next.sends {
      Task { _ = try? await file.uploader.upload(.release, includingEmpty: true) }
    }
  }

  /// The server has everything and nobody writes: the file needs no buffer any more.
  /// - Parameters:
  ///   - expected: the buffer that is meant, where it may be another by now.
  ///   - content: what it holds, if that is known.
  func retireBuffer(_ expected: WriteBuffer? = nil, content: [UInt8]? = nil) {
    let isRetired = file.change { state -> Bool in
      guard let buffer = state.buffer, expected == nil || expected === buffer else { return false }
      // What no name leads to any more exists nowhere else.
      let isOver = state.existence.isGone ? !state.opens.isOpen : !state.opens.isWritten
      guard isOver, buffer.retire(losing: state.existence.isGone ? .everything : .nothing) else { return false }
      if let content = content ?? buffer.small, content.count <= ContentCache.wholeLimit {
        tree.shared.cache.insert(content, for: file.reader.wholeKey(state.generation))
        state.wasAsked(at: tree.context.time.uptime())
      }
      state.endsWriting()
      return true
    }
    if isRetired { tree.shared.countKept() }
  }

  /// This file takes the name of `old`, and replaces it on the server too. If the server moves it, its own version is
  /// there already.
  func replaces(_ old: WorkFile) {
    guard let replaced = old.serverVersion else { return }
    file.change { if $0.existence.isNew || $0.existence.isHeldBack { $0.buffer?.base = replaced } }
  }
}
