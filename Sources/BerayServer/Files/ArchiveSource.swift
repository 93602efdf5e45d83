internal import BerayAPI
internal import CLinux
internal import Glibc
internal import LinuxSystem
internal import Synchronization
internal import SystemPackage
internal import ZipArchive

/// A ZIP of parts of a work directory, created while it is sent: each call creates one more piece. Calls block.
///
/// It contains files and directories only. Symbolic links are left out, so nothing outside can get in.
final class ArchiveSource: Sendable {
  private struct State {
    let writer: ZipWriter
    /// The paths that are still to be added. The next one is last.
    var pending: [RelativePath]
    var current: Current?
    var finished = false
  }

  /// A file that is being copied.
  private struct Current {
    let file: OwnedDescriptor
    let lock: FileGuard
    /// The content that is being copied, for ``FileGuard/isStill(_:)``.
    let content: UInt64
    var remaining: Int64
  }

  private let work: AgentDirectory
  private let root: OwnedDescriptor
  private let state: Mutex<State>
  private static let pieceSize = 256 * 1024

  /// - Parameter paths: the paths to put in, each of which must exist; everything if empty.
  init(_ paths: [RelativePath], in work: AgentDirectory) throws {
    let root = try HTTPFailure.translating(".") {
      try work.create()
      return try work.openRoot()
    }
    var directories: Set<[CChar]> = []
    for path in paths {
      // The disk starts to read all of them at once, although they are copied one by one (posix_fadvise(2)).
      if let file = try? work.open(path, flags: O_RDONLY | O_NONBLOCK | O_NOFOLLOW, from: root) {
        posix_fadvise(file.rawValue, 0, 0, POSIX_FADV_WILLNEED)
        if let mode = try? file.status().mode, mode & S_IFMT == S_IFDIR { directories.insert(path.bytes) }
      } else {
        _ = try HTTPFailure.translating(path.text) { try work.open(path, flags: LINUX_O_PATH, from: root) }
      }
    }
    self.work = work
    self.root = root
    let wanted = paths.isEmpty ? [.root] : Self.once(paths, directories)
    state = Mutex(State(writer: try ZipWriter(), pending: wanted.reversed()))
  }

  /// Drops paths that are already covered: repeated ones, and those beneath one of the directories.
  private static func once(_ paths: [RelativePath], _ directories: Set<[CChar]>) -> [RelativePath] {
    var seen: Set<[CChar]> = []
    return paths.filter { path in
      var above = path
      while !above.isRoot {
        above = above.parent
        if directories.contains(above.bytes) { return false }
      }
      return seen.insert(path.bytes).inserted
    }
  }

  /// Whether the whole archive was returned.
  var isFinished: Bool { state.withLock { $0.finished } }

  /// Returns the next bytes of the archive: at least `size`, unless it ends before.
  func next(atLeast size: Int) throws -> [UInt8] {
    try state.withLock { state in
      while state.writer.pendingBytes < size, !state.finished {
        if state.current != nil {
          try copy(&state)
        } else if let path = state.pending.last {
          // If another request is writing the file, put it back: the caller tries again.
          state.pending.removeLast()
          do { try begin(path, &state) } catch let busy as FileBusy {
            state.pending.append(path)
            throw busy
          }
        } else {
          try state.writer.finish()
          state.finished = true
        }
      }
      return state.writer.takeOutput()
    }
  }

  private func begin(_ path: RelativePath, _ state: inout State) throws {
    // Leave out what has vanished since it was listed, and what may not be read.
    guard let file = try? work.open(path, flags: O_RDONLY | O_NONBLOCK | O_NOFOLLOW, from: root),
      let status = try? file.status()
    else { return }
    // Nobody is writing the file now. From here on, `isStill` detects that its content was replaced.
    let lock = work.guards.file(status)
    let content = try lock.version()
    let version = StoredVersion(try file.status())
    let current = Current(file: file, lock: lock, content: content, remaining: version.size)
    switch status.mode & S_IFMT {
    case S_IFREG:
      try state.writer.begin(
        ZipEntry(
          name: path.text, kind: .file, size: version.size, mode: version.mode, modified: version.modified.seconds))
      state.current = current
    case S_IFDIR:
      if !path.isRoot {
        try state.writer.begin(
          ZipEntry(
            name: path.text + "/", kind: .directory, size: 0, mode: version.mode, modified: version.modified.seconds))
      }
      let names = try file.entryNames()
      state.pending.append(contentsOf: names.reversed().map(path.appending))
    default: break
    }
  }

  /// Copies one piece of the current file. A file that has become shorter simply ends early.
  ///
  /// - Throws: an error after which the archive cannot be completed.
  private func copy(_ state: inout State) throws {
    guard let current = state.current else { return }
    let (file, remaining) = (current.file, current.remaining)
    let count = Int(min(remaining, Int64(Self.pieceSize)))
    let read = try withUnsafeTemporaryAllocation(byteCount: max(count, 1), alignment: 16) { buffer in
      let read = try file.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<count]))
      // Never mix two versions of a file: the archive cannot be completed.
      guard current.lock.isStill(current.content) else { throw Errno.ioError }
      if read > 0 { try state.writer.write(UnsafeRawBufferPointer(start: buffer.baseAddress, count: read)) }
      return read
    }
    state.current?.remaining -= Int64(read)
    if read == 0 || remaining == Int64(read) { state.current = nil }
  }
}
