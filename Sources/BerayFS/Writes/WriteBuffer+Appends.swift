import Beray
import Synchronization
import SystemPackage
import Waiting

/// An append that goes to the server by an operation of its own.
struct PendingAppend: Sendable {
  /// Names it, so that the server does it once.
  var key = String(UInt64.random(in: 0 ... .max), radix: 16) + String(UInt64.random(in: 0 ... .max), radix: 16)
  /// The bytes of the buffer.
  var range: Range<Int64>
  /// What must hold of the server's file; nil: whatever holds, for others wrote to it.
  var condition: VersionCondition?
}

/// Appended bytes can go behind content that somebody else wrote meanwhile.
extension WriteBuffer {
  /// Where the appended bytes begin; nil if programs did more than append.
  var appendedFrom: Int64? { state.withLock { $0.appendedFrom } }

  /// Whether nothing of the server's version is in it.
  var isWhole: Bool { state.withLock { $0.isWhole } }

  /// A program makes the file without O_EXCL or O_TRUNC. What somebody else puts under the name stays, as long as
  /// programs only append.
  func joinsOthers() { state.withLock { $0.appendedFrom = $0.storage.size } }

  // MARK: - By an operation of its own

  /// What to append, up to the end of `upload`: first the bytes of an append that got no answer. Nil if there is
  /// nothing, or programs did more than append.
  func nextAppend(upTo upload: Upload, when condition: VersionCondition?) -> (append: PendingAppend, body: UploadBody)?
  {
    state.withLock { state in
      guard let start = state.appendedFrom else { return nil }
      let append = state.append ?? PendingAppend(range: start..<max(start, upload.body.length), condition: condition)
      guard !append.range.isEmpty, append.range.upperBound <= state.storage.size else { return nil }
      state.append = append
      switch state.storage {
      case .memory(let bytes):
        return (append, .bytes(Array(bytes[Int(append.range.lowerBound)..<Int(append.range.upperBound)])))
      case .spilled(let spill, _): return (append, .spilled(spill, append.range))
      }
    }
  }

  /// The server has it.
  func appended(_ append: PendingAppend) {
    state.withLock { state in
      guard state.append?.key == append.key else { return }
      state.appendedFrom = append.range.upperBound
    }
  }

  /// The server's version is not the one of the condition: the append goes behind it, whatever it is.
  func appendsBlindly(_ append: PendingAppend) {
    state.withLock { state in
      guard state.append?.key == append.key else { return }
      state.append = PendingAppend(range: append.range, condition: nil)
    }
  }

  // MARK: - As a part of the whole

  /// Puts the appended bytes behind the `size` bytes of `content`, which now belongs to the buffer.
  /// - Parameter version: what `content` is on the server.
  /// - Returns: all of it, to be uploaded; nil if programs did more than append.
  func putAppended(behind content: SpillFile, size: Int64, version: FileVersion) async throws(Errno) -> Upload? {
    try await disk.take { () async throws(Errno) -> Upload? in
      try await DiskExecutor.run { () throws(Errno) -> Upload? in
        while let known = self.appendedContent() {
          let isPart = size < known.start ? false : try known.storage.begins(with: content, size)
          // If it begins like this, an upload of less arrived without its answer, or nothing has changed.
          let joined = isPart ? known.storage : try self.join(known, behind: content, size)
          if let upload = self.takeOver(joined, of: known, size: size, version, isPart: isPart) { return upload }
        }
        return nil
      }
    }
  }

  private struct AppendedContent {
    var start: Int64
    var storage: BufferStorage
    var changes: UInt64
    var emptied: UInt64
  }

  private func appendedContent() -> AppendedContent? {
    state.withLock { state in
      state.appendedFrom.map {
        AppendedContent(start: $0, storage: state.storage, changes: state.changes, emptied: state.emptied)
      }
    }
  }

  private func join(_ known: AppendedContent, behind content: SpillFile, _ size: Int64) throws(Errno) -> BufferStorage {
    var (position, end) = (known.start, size)
    while position < known.storage.size {
      let piece = try known.storage.piece(at: position)
      try content.write(piece, at: end)
      position += Int64(piece.count)
      end += Int64(piece.count)
    }
    return end <= shared.limits.bufferInMemory
      ? .memory(Array(try content.read(at: 0, count: Int(end)))) : .spilled(content, size: end)
  }

  /// Nil if programs wrote meanwhile.
  private func takeOver(
    _ joined: BufferStorage, of known: AppendedContent, size: Int64, _ version: FileVersion, isPart: Bool
  ) -> Upload? {
    state.withLock { state in
      guard state.changes == known.changes, state.emptied == known.emptied, state.appendedFrom == known.start else {
        return nil
      }
      if !isPart {
        for (storage, sign) in [(state.storage, -1), (joined, 1)] {
          if case .memory(let bytes) = storage { shared.bufferMemory.add(sign * bytes.count) }
        }
        state.storage = joined
        state.isWhole = false
      }
      state.base = version
      state.appendedFrom = size
      return Self.snapshot(state)
    }
  }
}
