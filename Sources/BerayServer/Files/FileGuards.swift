internal import CLinux
internal import Synchronization

/// The locks of files whose content requests read and write, one for each inode that is in use.
///
/// A content is replaced in the inode that is there, in many writes. The lock keeps other requests from writing then, and
/// tells those that read that the version they began with is gone.
final class FileGuards: Sendable {
  fileprivate struct Identity: Hashable {
    let device: UInt64
    let inode: UInt64
  }

  private struct Reference {
    weak var file: FileGuard?
  }

  private let files = Mutex<[Identity: Reference]>([:])

  /// The lock of an open file. Hold it no longer than the descriptor: another file may get the inode's number.
  func file(_ status: linux_status) -> FileGuard {
    let identity = Identity(device: status.device, inode: status.inode)
    return files.withLock { files in
      if let file = files[identity]?.file { return file }
      let file = FileGuard(identity, in: self)
      files[identity] = Reference(file: file)
      return file
    }
  }

  /// How many files are in use.
  var count: Int { files.withLock { $0.count } }

  fileprivate func forget(_ identity: Identity) {
    files.withLock { files in
      if files[identity]?.file == nil { files[identity] = nil }
    }
  }
}

/// The lock of one file.
final class FileGuard: Sendable {
  private struct State {
    var isTaken = false
    /// Counts contents that were replaced.
    var version: UInt64 = 0
    var waiting: [CheckedContinuation<Void, Never>] = []
  }

  private let identity: FileGuards.Identity
  private let guards: FileGuards
  private let state = Mutex(State())

  fileprivate init(_ identity: FileGuards.Identity, in guards: FileGuards) {
    self.identity = identity
    self.guards = guards
  }

  deinit { guards.forget(identity) }

  /// Runs `body` while no other request writes the file.
  /// - Throws: ``FileBusy`` if one does; nothing was done then.
  func holding<Result>(_ body: () throws -> Result) throws -> Result {
    let isFree = state.withLock { state in
      defer { state.isTaken = true }
      return !state.isTaken
    }
    guard isFree else { throw FileBusy(file: self) }
    defer {
      let waiting = state.withLock { state in
        state.isTaken = false
        defer { state.waiting = [] }
        return state.waiting
      }
      waiting.forEach { $0.resume() }
    }
    return try body()
  }

  /// The content is about to be replaced: readers of the present one must break off. Only the holder may call it.
  func replaceContent() { state.withLock { $0.version += 1 } }

  /// Which content is read from now on, for ``isStill(_:)``.
  /// - Throws: ``FileBusy`` if a request writes it.
  func version() throws -> UInt64 {
    let version = state.withLock { $0.isTaken ? nil : $0.version }
    guard let version else { throw FileBusy(file: self) }
    return version
  }

  /// Whether all that was read since ``version()`` is of one content.
  func isStill(_ version: UInt64) -> Bool { state.withLock { $0.version == version } }

  /// Returns once nobody holds the lock.
  func whenFree() async {
    await withCheckedContinuation { continuation in
      let isFree = state.withLock { state in
        if state.isTaken { state.waiting.append(continuation) }
        return !state.isTaken
      }
      if isFree { continuation.resume() }
    }
  }
}

/// Another request writes the file now; the call is to be tried again when it is done.
struct FileBusy: Error {
  let file: FileGuard
}
