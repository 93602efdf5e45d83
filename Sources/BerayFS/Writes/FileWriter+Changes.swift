import Beray
import Synchronization
import SystemPackage
import VFS

/// Writes and truncations. If the file got another buffer meanwhile, they go there.
extension FileWriter {
  /// Writes at `offset`, or at the end where it is nil.
  func write(_ bytes: RawSpan, at offset: Int64?) -> Outcome<Int> {
    var needsDisk = false
    while !needsDisk, let buffer = bufferFromMemory(replacing: offset == 0 ? Int64(bytes.byteCount) : nil) {
      do throws(Errno) {
        switch try buffer.write(bytes, at: offset, now: file.now) {
        case .done: return .ready(bytes.byteCount)
        case .retired: break
        case .needsDisk: needsDisk = true
        }
      } catch {
        dropUntouched(buffer)
        return .failed(told(error))
      }
    }
    // The span ends with the call.
    let copy = bytes.withUnsafeBytes { Array($0) }
    return .pending { [self] () async throws(Errno) in
      do throws(Errno) {
        return try await writeLater(copy, at: offset)
      } catch {
        throw told(error)
      }
    }
  }

  private func writeLater(_ bytes: [UInt8], at offset: Int64?) async throws(Errno) -> Int {
    while true {
      let known = bufferFromMemory(replacing: offset == 0 ? Int64(bytes.count) : nil)
      let buffer = if let known { known } else { try await bufferWithContent() }
      do throws(Errno) {
        switch try buffer.write(bytes.span.bytes, at: offset, now: file.now) {
        case .done: return bytes.count
        case .retired: break
        case .needsDisk: if try await buffer.writeToDisk(bytes, at: offset, now: file.now) { return bytes.count }
        }
      } catch {
        dropUntouched(buffer)
        throw error
      }
    }
  }

  /// The buffer was made for a write that failed, and lacks the bytes which that write was to replace.
  private func dropUntouched(_ buffer: WriteBuffer) {
    file.change { state in
      guard state.buffer === buffer, buffer.isUntouched, buffer.retire() else { return }
      state.dropsWriting()
    }
  }

  private func told(_ error: Errno) -> Errno {
    guard error == .noSpace else { return error }
    return tree.context.refuse(
      "write", file.path, error, "too much waits to be uploaded, or there is no room for temporary files",
      advice: "see pending_uploads in .beray/status.json; free space, or wait until they are uploaded")
  }

  /// ftruncate(2), or truncate(2) while somebody writes: the close uploads it.
  func truncateOpen(to size: Int64) -> Outcome<Void> {
    do throws(Errno) {
      while let buffer = bufferFromMemory(replacing: size == 0 ? .max : nil) {
        let change = try buffer.truncate(to: size, now: file.now)
        if change == .done { return .done }
        if change == .needsDisk { break }
      }
    } catch {
      return .failed(error)
    }
    return .pending { [self] () async throws(Errno) in
      while true {
        let buffer = try await bufferWithContent()
        switch try buffer.truncate(to: size, now: file.now) {
        case .done: return
        case .retired: break
        case .needsDisk: if try await buffer.truncateOnDisk(to: size, now: file.now) { return }
        }
      }
    }
  }

  /// truncate(2) of a file that nobody writes: one upload. If it fails nothing has changed, unless the file has other
  /// unsent bytes by then; those are retried together with it.
  func truncateByPath(to size: Int64) -> Outcome<Void> {
    .pending { [self] () async throws(Errno) in
      file.change { $0.opens.writerComes() }
      let result: Result<Void, Errno>
      var isTruncated = false
      do throws(Errno) {
        try await truncateOpen(to: size).get()
        isTruncated = true
        try await file.uploader.upload(.truncate, includingEmpty: true)
        result = .success(())
      } catch {
        result = .failure(error)
      }
      file.change { $0.opens.writerIsGone() }
      if isTruncated, case .failure(let error) = result, error != .interrupted { undoTruncation() }
      retireBuffer()
      try result.get()
    }
  }

  private func undoTruncation() {
    file.change { state in
      guard let buffer = state.buffer, !state.opens.isWritten, state.turn.sending == nil,
        buffer.retire(losing: .oneChange)
      else { return }
      let base: FileVersion? = buffer.base
      state.goesBack(toSize: state.server.listed.size, modified: base?.modified)
      tree.context.notifier.invalidate(file.inode, pages: true)
    }
    tree.shared.countKept()
    // The server may have done it all the same.
    tree.markStale()
  }
}
