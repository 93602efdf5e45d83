import Beray
import Synchronization
import SystemPackage
import VFS
import Waiting

/// What programs wrote to a file through all its handles: the whole content, in memory while it is small, and then in a
/// temporary file.
final class WriteBuffer: Sendable {
  let shared: WorkShared
  let state: Mutex<BufferState>
  /// What takes the temporary file comes one after another.
  let disk = SerialTurns()

  /// - Parameters:
  ///   - content: what the file holds.
  ///   - isFresh: whether it differs from what the server has though nothing was written yet.
  init(_ content: [UInt8], base: FileVersion?, isFresh: Bool, at now: Timestamp, shared: WorkShared) {
    self.shared = shared
    state = Mutex(
      BufferState(
        storage: .memory(content), base: base, modified: now, isFresh: isFresh, isWhole: isFresh,
        appendedFrom: isFresh ? nil : Int64(content.count), unsentSince: now))
    if isFresh { state.withLock { $0.changed = now } }
    shared.bufferMemory.add(content.count)
  }

  /// A buffer whose content is in `spill`.
  init(_ spill: SpillFile, size: Int64, base: FileVersion?, at now: Timestamp, shared: WorkShared) {
    self.shared = shared
    state = Mutex(
      BufferState(
        storage: .spilled(spill, size: size), base: base, modified: now, isFresh: false, isWhole: false,
        appendedFrom: size, unsentSince: now))
  }

  deinit {
    if case .memory(let bytes) = state.withLock({ $0.storage }) { shared.bufferMemory.add(-bytes.count) }
  }

  /// What the server had when the first unsent write came; nil: nothing.
  var base: FileVersion? {
    get { state.withLock { $0.base } }
    set { state.withLock { $0.base = newValue } }
  }
  var size: Int64 { state.withLock { $0.storage.size } }
  var modified: Timestamp { state.withLock { $0.modified } }
  var changed: Timestamp { state.withLock { $0.changed } }

  /// The file last changed at `time`. Whatever is done to it from now on is later.
  func follows(_ time: Timestamp) {
    state.withLock { state in
      state.changed = state.isFresh ? time.moved(to: state.changed) : time
    }
  }

  // MARK: - Content

  /// The content, where it is in memory.
  var small: [UInt8]? { state.withLock { $0.storage.small } }

  /// What is asked for, where it is in memory.
  func readFromMemory(offset: Int64, count: Int) -> ArraySlice<UInt8>? {
    state.withLock { $0.storage.readFromMemory(offset: offset, count: count) }
  }

  /// The same; it may block where the content is in a temporary file.
  func read(offset: Int64, count: Int) throws(Errno) -> ArraySlice<UInt8> {
    if let bytes = readFromMemory(offset: offset, count: count) { return bytes }
    return try state.withLock { $0.storage }.read(offset: offset, count: count)
  }

  /// No file may be longer, in bytes.
  static let maximumSize: Int64 = 1 << 50

  /// What became of a change.
  enum Change: Sendable, Hashable {
    case done
    /// The file has another buffer by now.
    case retired
    /// The change needs a temporary file: ``writeToDisk(_:at:now:)`` or ``truncateOnDisk(to:now:)`` makes it.
    case needsDisk
  }

  /// Writes at `offset`, or at the end where it is nil.
  func write(_ bytes: RawSpan, at offset: Int64?, now: Timestamp) throws(Errno) -> Change {
    guard !shared.keepsTooMuch else { throw .noSpace }
    let result = bytes.withUnsafeBytes { bytes in
      state.withLock { state -> Result<Change, Errno> in
        guard !state.isRetired else { return .success(.retired) }
        let start = offset ?? state.storage.size
        guard start <= Self.maximumSize - Int64(bytes.count) else { return .failure(.fileTooLarge) }
        guard fits(start + Int64(bytes.count), state.storage) else { return .success(.needsDisk) }
        let before = state.storage.size
        state.storage.writeInMemory(bytes, at: Int(start))
        shared.bufferMemory.add(Int(state.storage.size - before))
        changed(&state, now, appending: offset == nil)
        return .success(.done)
      }
    }
    return try result.get()
  }

  /// Cuts the content, or makes it longer with zeros.
  func truncate(to size: Int64, now: Timestamp) throws(Errno) -> Change {
    guard size <= Self.maximumSize else { throw .fileTooLarge }
    return state.withLock { state in
      guard !state.isRetired else { return .retired }
      guard fits(size, state.storage) else { return .needsDisk }
      let before = state.storage.size
      state.storage.truncateInMemory(to: Int(size))
      shared.bufferMemory.add(Int(state.storage.size - before))
      changed(&state, now, appending: false)
      return .done
    }
  }

  /// Whether the content is in memory and may grow there up to `end`.
  func fits(_ end: Int64, _ storage: BufferStorage) -> Bool {
    guard case .memory(let content) = storage else { return false }
    let growth = Int(clamping: end) - content.count
    return growth <= 0
      || (end <= Int64(shared.limits.bufferInMemory)
        && shared.bufferMemory.value + growth <= shared.limits.buffersInMemory)
  }

  /// Asks the buffer to retire, so that the file can go on without it. Call it under the lock of the file, which then
  /// lets go of it.
  /// - Parameter loss: what may be given up that the server has not.
  /// - Returns: whether it is so; else there is something more that the server has not.
  func retire(losing loss: Loss = .nothing) -> Bool {
    state.withLock { state in
      let mayBeLost =
        switch loss {
        case .nothing: false
        case .oneChange: state.changes == 1 && state.emptied == 0 && !state.isFresh
        case .everything: true
        }
      guard mayBeLost || !Self.isUnsent(state, includingEmpty: true) else { return false }
      state.isRetired = true
      return true
    }
  }

  enum Loss: Sendable {
    case nothing
    /// A write or truncation, where there was no other.
    case oneChange
    case everything
  }

  /// An open with O_TRUNC empties the file. That alone is uploaded only at the last close.
  func empty(now: Timestamp) {
    state.withLock { state in
      if case .memory(let content) = state.storage { shared.bufferMemory.add(-content.count) }
      if !Self.isUnsent(state, includingEmpty: true) { state.unsentSince = now }
      state.storage = .memory([])
      state.modified = now
      state.changed = state.changed.moved(to: now)
      state.isFresh = true
      state.isWhole = true
      state.appendedFrom = nil
      state.emptied += 1
      state.uploaded = state.changes
      state.failure = nil
    }
  }

  /// The server has this content under another name, or is about to lose it: all of it has to be uploaded.
  func becameFresh(at now: Timestamp) {
    state.withLock { state in
      if !Self.isUnsent(state, includingEmpty: true) { state.unsentSince = now }
      state.isFresh = true
      state.isWhole = true
      state.appendedFrom = nil
    }
  }

  /// The server has this content after all.
  func wasSent() {
    state.withLock { state in
      state.uploaded = state.changes
      state.isFresh = false
      state.appendedFrom = state.storage.size
      state.failure = nil
    }
  }

  func setModified(_ time: Timestamp) { state.withLock { $0.modified = time } }

  /// A write or truncation is done.
  func changed(_ state: inout BufferState, _ now: Timestamp, appending: Bool) {
    if !appending { state.appendedFrom = nil }
    if !Self.isUnsent(state, includingEmpty: true) { state.unsentSince = now }
    state.changes += 1
    state.modified = now
    state.changed = state.changed.moved(to: now)
  }
}
