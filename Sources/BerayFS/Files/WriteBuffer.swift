import BerayClient
import Synchronization
import SystemPackage
import VFS

/// What programs wrote to a file, all handles together: its whole content, in memory while it is small and in a
/// temporary file after that.
final class WriteBuffer: Sendable {
  enum Storage {
    case memory([UInt8])
    case spilled(SpillFile, size: Int64)
  }

  struct State {
    var storage: Storage
    /// What the server had when the first unsent write came; nil: nothing.
    var base: FileVersion?
    var modified: Timestamp
    /// Counts writes and truncations.
    var changes: UInt64 = 0
    /// ``changes`` when the upload that the server has began.
    var uploaded: UInt64 = 0
    /// Whether the file was made or emptied by an open: to be uploaded, but not before the last close.
    var isFresh: Bool
    /// Whether nothing of ``base`` is in it.
    var isWhole: Bool
    /// Where the unsent bytes begin, where programs only appended.
    var appendedFrom: Int64?
    /// Counts the opens that emptied it.
    var emptied: UInt64 = 0
    /// The last upload failed so.
    var failure: UploadFailure?
    /// What failed uploads sent and the server may have all the same, oldest first: contents that were in memory.
    var unanswered: [[UInt8]] = []
    var unsentSince: Timestamp
    /// The file has done with it: what was written to it now would reach nobody.
    var isRetired = false
  }

  let shared: WorkShared
  let state: Mutex<State>

  /// - Parameters:
  ///   - content: what the file holds.
  ///   - isFresh: whether it differs from what the server has though nothing was written yet.
  init(_ content: [UInt8], base: FileVersion?, isFresh: Bool, at now: Timestamp, shared: WorkShared) {
    self.shared = shared
    state = Mutex(
      State(
        storage: .memory(content), base: base, modified: now, isFresh: isFresh, isWhole: isFresh,
        appendedFrom: isFresh ? nil : Int64(content.count), unsentSince: now))
    shared.bufferMemory.add(content.count)
  }

  /// A buffer whose content is in `spill`.
  init(_ spill: SpillFile, size: Int64, base: FileVersion?, at now: Timestamp, shared: WorkShared) {
    self.shared = shared
    state = Mutex(
      State(
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
  var size: Int64 { state.withLock { Self.size($0.storage) } }
  var modified: Timestamp { state.withLock { $0.modified } }

  static func size(_ storage: Storage) -> Int64 {
    switch storage {
    case .memory(let bytes): Int64(bytes.count)
    case .spilled(_, let size): size
    }
  }

  // MARK: - Content

  /// The content, where it is in memory.
  var small: [UInt8]? {
    state.withLock { state in
      guard case .memory(let bytes) = state.storage else { return nil }
      return bytes
    }
  }

  func read(offset: Int64, count: Int) throws(Errno) -> ArraySlice<UInt8> {
    let source = state.withLock { state -> ReadSource in
      switch state.storage {
      case .memory(let bytes):
        guard offset < bytes.count else { return .bytes([]) }
        // A copy: a slice would make the next write copy everything.
        return .bytes(Array(bytes[Int(offset)..<min(Int(offset) + count, bytes.count)]))
      case .spilled(let spill, let size): return .file(spill, size: size)
      }
    }
    switch source {
    case .bytes(let bytes): return bytes[...]
    case .file(let spill, let size):
      guard offset < size else { return [] }
      let count = Int(min(Int64(count), size - offset))
      let bytes = try spill.read(at: offset, count: count)
      return bytes.count == count ? bytes : bytes + [UInt8](repeating: 0, count: count - bytes.count)
    }
  }

  private enum ReadSource {
    case bytes([UInt8])
    case file(SpillFile, size: Int64)
  }

  /// No file may be longer, in bytes.
  static let maximumSize: Int64 = 1 << 50

  /// Writes at `offset`, or at the end where it is nil. Returns how much; nil where the file has another buffer by now.
  func write(_ bytes: RawSpan, at offset: Int64?, now: Timestamp) throws(Errno) -> Int? {
    guard !shared.keepsTooMuch else { throw .noSpace }
    var isRetired = false
    let failure = bytes.withUnsafeBytes { bytes in
      state.withLock { state -> Errno? in
        isRetired = state.isRetired
        guard !isRetired else { return nil }
        let start = offset ?? Self.size(state.storage)
        guard start <= Self.maximumSize - Int64(bytes.count) else { return .fileTooLarge }
        if offset != nil { state.appendedFrom = nil }
        let end = start + Int64(bytes.count)
        if let failure = spillIfNeeded(&state.storage, reaching: end) { return failure }
        switch state.storage {
        case .memory(var content):
          state.storage = .memory([])
          let before = content.count
          if content.count < start { content += repeatElement(0, count: Int(start) - content.count) }
          let overlap = min(content.count - Int(start), bytes.count)
          if overlap > 0 {
            content.withUnsafeMutableBytes { $0[Int(start)..<Int(start) + overlap].copyBytes(from: bytes[..<overlap]) }
          }
          content += bytes[overlap...]
          shared.bufferMemory.add(content.count - before)
          state.storage = .memory(content)
        case .spilled(let spill, let size):
          if let failure = spill.write(bytes, at: start) { return failure }
          state.storage = .spilled(spill, size: max(size, end))
        }
        changed(&state, now)
        return nil
      }
    }
    if let failure { throw failure }
    return isRetired ? nil : bytes.byteCount
  }

  /// Cuts the content, or makes it longer with zeros. Returns false where the file has another buffer by now.
  func truncate(to size: Int64, now: Timestamp) throws(Errno) -> Bool {
    guard size <= Self.maximumSize else { throw .fileTooLarge }
    var isRetired = false
    let failure = state.withLock { state -> Errno? in
      isRetired = state.isRetired
      guard !isRetired else { return nil }
      if let failure = spillIfNeeded(&state.storage, reaching: size) { return failure }
      state.appendedFrom = nil
      switch state.storage {
      case .memory(var content):
        state.storage = .memory([])
        let before = content.count
        if content.count > size { content.removeLast(content.count - Int(size)) }
        if content.count < size { content += repeatElement(0, count: Int(size) - content.count) }
        shared.bufferMemory.add(content.count - before)
        state.storage = .memory(content)
      case .spilled(let spill, _):
        do throws(Errno) { try spill.truncate(to: size) } catch { return error }
        state.storage = .spilled(spill, size: size)
      }
      changed(&state, now)
      return nil
    }
    if let failure { throw failure }
    return !isRetired
  }

  /// The file is to go on without this buffer. Call it under the lock of the file, which then lets go of it.
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

  /// An open with O_TRUNC empties the file; that alone is uploaded at the last close and not before.
  func empty(now: Timestamp) {
    state.withLock { state in
      if case .memory(let content) = state.storage { shared.bufferMemory.add(-content.count) }
      if !Self.isUnsent(state, includingEmpty: true) { state.unsentSince = now }
      state.storage = .memory([])
      state.modified = now
      state.isFresh = true
      state.isWhole = true
      state.appendedFrom = nil
      state.emptied += 1
      state.uploaded = state.changes
      state.failure = nil
    }
  }

  /// The server has this content under another name, or loses it: all of it is to be uploaded.
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
      state.appendedFrom = Self.size(state.storage)
      state.failure = nil
    }
  }

  func setModified(_ time: Timestamp) { state.withLock { $0.modified = time } }

  private func changed(_ state: inout State, _ now: Timestamp) {
    if !Self.isUnsent(state, includingEmpty: true) { state.unsentSince = now }
    state.changes += 1
    state.modified = now
  }

  /// Moves the content to a temporary file where it gets too large for memory. Returns what went wrong.
  private func spillIfNeeded(_ storage: inout Storage, reaching end: Int64) -> Errno? {
    guard case .memory(let content) = storage else { return nil }
    let growth = Int(clamping: end) - content.count
    guard growth > 0,
      end > Int64(shared.limits.bufferInMemory)
        || shared.bufferMemory.value + growth > shared.limits.buffersInMemory
    else { return nil }
    do throws(Errno) {
      let spill = try shared.context.spills.makeFile()
      try spill.write(content[...], at: 0)
      shared.bufferMemory.add(-content.count)
      storage = .spilled(spill, size: Int64(content.count))
      return nil
    } catch {
      return error
    }
  }
}
