import BerayClient
import Synchronization
import SystemPackage
import VFS

/// How programs change the content of a file: through one ``WriteBuffer`` that all handles share.
extension WorkFile {
  var now: Timestamp { tree.context.time.now() }

  /// Whether programs wrote something that is to go to the server.
  func hasUnsent(includingEmpty: Bool) -> Bool {
    state.withLock { state in
      isToBeSent(state) && state.buffer?.isUnsent(includingEmpty: includingEmpty) ?? false
    }
  }

  /// Whether what programs write is to go to the server.
  func isToBeSent(_ state: borrowing FileState) -> Bool {
    !state.isDetached && !state.isHeldBack
  }

  /// Lets the end of the mount, and the rename of a directory, find the file while it has to do with it.
  func rememberWhileUnsent(_ state: borrowing FileState) {
    let isUntold = tree.shared.keepsAttributes && !state.unsentAttributes.isEmpty
    let isUnsent = !state.isDetached && (state.buffer != nil || isUntold)
    if isUnsent || state.sending != nil || state.nameChange != nil {
      tree.shared.remember(self)
    } else {
      tree.shared.forget(self)
    }
  }

  /// Whether it is gone, though this mount did not remove it.
  var isLost: Bool { state.withLock { $0.isLost } }

  /// Whether programs wrote something that the server will never have, because the file is gone there.
  var hasLostBytes: Bool {
    state.withLock { state in
      guard state.isLost, let buffer = state.buffer else { return false }
      return buffer.isUnsent(includingEmpty: false)
    }
  }

  /// The content becomes what `buffer` holds. The kernel's pages have seen the same writes and stay good.
  private func attach(_ buffer: WriteBuffer, _ state: inout FileState) {
    state.stream?.cancel()
    let arePagesGood = state.pagesGeneration == state.generation
    let checked = state.checked
    state.contentChanged()
    state.checked = checked
    if arePagesGood { state.pagesGeneration = state.generation }
    buffer.follows(state.statusChanged)
    state.buffer = buffer
    tree.shared.remember(self)
  }

  private func base(_ state: borrowing FileState) -> FileVersion? { state.isLocal ? nil : state.listed }

  /// An open with O_TRUNC: nothing is asked of the server.
  func truncateAtOpen() {
    state.withLock { state in
      if let buffer = state.buffer { buffer.empty(now: now) } else { attachEmpty(&state) }
    }
  }

  func attachEmpty(_ state: inout FileState) {
    attach(WriteBuffer([], base: base(state), isFresh: true, at: now, shared: tree.shared), &state)
  }

  /// The buffer, where it exists or can be made without asking the server.
  /// - Parameter replacing: how many bytes from the start of the file are about to be overwritten, if they are.
  func bufferFromMemory(replacing: Int64?) -> WriteBuffer? {
    state.withLock { state in
      if let buffer = state.buffer { return buffer }
      guard let size = state.size else { return nil }
      let content: [UInt8]
      if size == 0 || (replacing ?? 0) >= size {
        content = []
      } else if size <= ContentCache.wholeLimit, let cached = tree.shared.cache[wholeKey(state.generation)] {
        content = cached
      } else {
        return nil
      }
      let buffer = WriteBuffer(content, base: base(state), isFresh: false, at: state.modified, shared: tree.shared)
      attach(buffer, &state)
      return buffer
    }
  }

  /// The buffer, with the content that the server has.
  /// - Parameter hasTurn: whether the caller is about to change the file's name: nobody else does meanwhile.
  func bufferWithContent(hasTurn: Bool = false) async throws(Errno) -> WriteBuffer {
    for _ in 0..<4 {
      let path = tree.serverPath(of: self)
      do throws(Errno) {
        if let buffer = try await bufferFromServer() { return buffer }
        if !hasTurn { try await untilNamesStay() }
      } catch  where error == .noSuchFileOrDirectory && !hasTurn {
        guard try await wasRenamed(from: path) else { throw error }
      }
    }
    throw .ioError
  }

  /// The same; nil where the content is another by now.
  private func bufferFromServer() async throws(Errno) -> WriteBuffer? {
    if let buffer = bufferFromMemory(replacing: nil) { return buffer }
    guard let size = state.withLock({ $0.size }) else {
      try await learnSize()
      return bufferFromMemory(replacing: nil)
    }
    if size > ContentCache.wholeLimit { return try await largeBuffer() }
    let generation = state.withLock { $0.generation }
    guard let bytes = try await wholeContent(allowsBatch: false) else { return nil }
    return state.withLock { state in
      if let buffer = state.buffer { return buffer }
      guard state.generation == generation else { return nil }
      let buffer = WriteBuffer(bytes, base: base(state), isFresh: false, at: state.modified, shared: tree.shared)
      attach(buffer, &state)
      return buffer
    }
  }

  /// The buffer of a file that is too large for memory; nil where the content is another by now.
  private func largeBuffer() async throws(Errno) -> WriteBuffer? {
    let known = state.withLock { (generation: $0.generation, listed: $0.listed, size: $0.size) }
    guard let (spill, size) = try await wholeSpill(known.listed, known.generation), size == known.size else {
      return nil
    }
    return state.withLock { state in
      if let buffer = state.buffer { return buffer }
      guard state.generation == known.generation, state.listed.isSameContent(as: known.listed) else { return nil }
      let buffer = WriteBuffer(spill, size: size, base: base(state), at: state.modified, shared: tree.shared)
      attach(buffer, &state)
      return buffer
    }
  }

  // MARK: - Close

  /// A handle is gone. What was written and not sent goes now, in the background.
  func closed(wasWriter: Bool) {
    defer { hold() }
    let next = state.withLock { state -> (sends: Bool, stream: StreamReader?, isDone: Bool) in
      state.handles -= 1
      if wasWriter { state.writers -= 1 }
      var stream: StreamReader?
      if state.handles == 0 {
        tree.closed(self)
        (stream, state.stream) = (state.stream, nil)
        state.ranges = nil
      }
      if state.isDetached { return (false, stream, state.handles == 0) }
      // What an open made is new to the server, though nobody could write to it.
      guard wasWriter || state.isLocal, let buffer = state.buffer else { return (false, stream, false) }
      if state.isHeldBack { return (false, stream, false) }
      guard buffer.isUnsent(includingEmpty: true) else { return (false, stream, state.writers == 0) }
      // What failed at close was told there, and is tried again in its own time.
      let wasTold = buffer.failure.map { $0.changes == buffer.changes } ?? false
      return (!wasTold, stream, false)
    }
    next.stream?.cancel()
    if next.isDone { retireBuffer() }
    if next.sends {
      Task { _ = try? await upload(.release, includingEmpty: true) }
    }
  }

  /// The server has everything and nobody writes: the file is one as any other again.
  /// - Parameters:
  ///   - expected: the buffer that is meant, where it may be another by now.
  ///   - content: what it holds, if that is known.
  func retireBuffer(_ expected: WriteBuffer? = nil, content: [UInt8]? = nil) {
    let isRetired = state.withLock { state -> Bool in
      guard let buffer = state.buffer, expected == nil || expected === buffer else { return false }
      // What no name leads to any more exists nowhere else.
      let isOver = state.isDetached ? state.handles == 0 : state.writers == 0
      guard isOver, buffer.retire(losing: state.isDetached ? .everything : .nothing) else { return false }
      state.size = buffer.size
      if let content = content ?? buffer.small, content.count <= ContentCache.wholeLimit {
        tree.shared.cache.insert(content, for: wholeKey(state.generation))
        state.checked = tree.context.time.uptime()
      }
      state.buffer = nil
      rememberWhileUnsent(state)
      return true
    }
    if isRetired { tree.shared.countKept() }
  }

  /// This file takes the name of `old`, which it replaces on the server too. Where the server moves it, it has its own version there already.
  func replaces(_ old: WorkFile) {
    let (isLocal, listed) = old.state.withLock { ($0.isLocal, $0.listed) }
    guard !isLocal else { return }
    state.withLock { if $0.isLocal || $0.isHeldBack { $0.buffer?.base = listed } }
  }
}
