internal import CLinux
internal import Synchronization

/// The locks of files that requests read and write, one for each inode in use.
///
/// A request replaces a file's content in place, with many writes. Meanwhile the lock keeps other requests from
/// writing, and tells readers that the version that they began with is gone.
final class FileGuards: Sendable {
  fileprivate struct Identity: Hashable {
    let device: UInt64
    let inode: UInt64
  }

  private struct Reference {
    weak var file: FileGuard?
  }

  private let files = Mutex<[Identity: Reference]>([:])

  /// Returns the lock of an open file. Hold it no longer than the descriptor, because the inode number may be reused.
  func file(_ status: linux_status) -> FileGuard {
    let identity = Identity(device: status.device, inode: status.inode)
    return files.withLock { files in
      if let file = files[identity]?.file { return file }
      let file = FileGuard(identity, in: self)
      files[identity] = Reference(file: file)
      return file
    }
  }

  /// The number of files in use.
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
    /// Incremented whenever the content is replaced.
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

  /// Runs `body` while no other request can write the file.
  /// - Throws: ``FileBusy`` if another request holds the lock. `body` does not run then.
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

  /// Tells readers to stop, because the content is about to be replaced. Only the holder of the lock may call it.
  func replaceContent() { state.withLock { $0.version += 1 } }

  /// Returns the current version of the content, for ``isStill(_:)``.
  /// - Throws: ``FileBusy`` if a request is writing the file.
  func version() throws -> UInt64 {
    let version = state.withLock { $0.isTaken ? nil : $0.version }
    guard let version else { throw FileBusy(file: self) }
    return version
  }

  /// Whether the content has not been replaced since ``version()``.
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

/// Another request is writing the file. Try again after ``FileGuard/whenFree()``.
struct FileBusy: Error {
  let file: FileGuard
}
