import Synchronization
import SystemPackage
import VFS

/// An open file of a work directory.
final class WorkHandle: OpenFile {
  private let file: WorkFile
  let flags: OpenFlags
  /// Who opened it. While the opener lives, a close by another process uploads nothing.
  private let opener: Opener?
  private let ahead = Mutex(ReadAhead())
  let pass: Mutex<ReadPass>
  /// Whether the kernel keeps what this handle reads.
  private let fillsPages: Bool

  /// A thread, and its process where that was found.
  struct Opener {
    var thread: ProcessID
    var process: ProcessID?
  }

  init(_ file: WorkFile, flags: OpenFlags, opener: Opener?, pass: ReadPass, fillsPages: Bool) {
    self.file = file
    self.flags = flags
    self.opener = opener
    self.pass = Mutex(pass)
    self.fillsPages = fillsPages
  }

  func read(offset: Int64, count: Int, flags: OpenFlags) -> Outcome<ArraySlice<UInt8>> {
    guard offset >= 0, count > 0 else { return .ready([]) }
    guard let known = file.reader.known(pass, offset: offset, count: count, fillsPages: fillsPages) else {
      return .pending { [self] () async throws(Errno) in
        let bytes = try await file.reader.read(offset: offset, count: count, pass, ahead)
        gave(bytes, at: offset, hidesPages: fillsPages && file.hasFormerReaders)
        return bytes
      }
    }
    if case .ready(let bytes) = known.bytes {
      gave(bytes, at: offset, hidesPages: known.hidesPages)
      file.reader.readAhead(ahead, offset: offset)
      return known.bytes
    }
    return known.bytes.map { [self] bytes throws(Errno) in
      gave(bytes, at: offset, hidesPages: known.hidesPages)
      return bytes
    }
  }

  private func gave(_ bytes: ArraySlice<UInt8>, at offset: Int64, hidesPages: Bool) {
    pass.withLock { $0.gave(bytes, at: offset) }
    if hidesPages { file.hidePages() }
  }

  func write(offset: Int64?, bytes: RawSpan, caller: Caller) -> Outcome<Int> {
    guard flags.contains(.write) else { return .failed(.badFileDescriptor) }
    guard !file.writer.isLost else { return .failed(.staleNFSFileHandle) }
    return file.writer.write(bytes, at: offset)
  }

  func flush(caller: Caller) -> Outcome<Void> {
    if flags.contains(.write), file.writer.hasLostBytes { return .failed(.staleNFSFileHandle) }
    guard flags.contains(.write), file.writer.hasUnsent(includingEmpty: false), isClosing(caller) else { return .done }
    return .pending { [file] () async throws(Errno) in
      try await file.uploader.upload(.close, includingEmpty: false)
    }
  }

  /// Whether a close by `caller` is the opener's, or the opener is gone, so that no other will come.
  private func isClosing(_ caller: Caller) -> Bool {
    guard let opener, opener.thread != caller.process, let process = opener.process else { return true }
    let groups = file.tree.shared.threadGroup
    // A thread that is gone by now was of the process that is going.
    guard let closer = groups(caller.process) else { return true }
    return closer == process || groups(process) == nil
  }

  func fsync() -> Outcome<Void> {
    if file.writer.hasLostBytes { return .failed(.staleNFSFileHandle) }
    guard file.writer.hasUnsent(includingEmpty: true) else { return .done }
    return .pending { [file] () async throws(Errno) in
      try await file.uploader.upload(.fsync, includingEmpty: true)
    }
  }

  func release() -> Outcome<Void> {
    file.writer.closed(self)
    return .done
  }
}
