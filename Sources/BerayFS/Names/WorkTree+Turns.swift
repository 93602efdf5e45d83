import Synchronization
import SystemPackage
import VFS
import Waiting

/// The turns of files whose names are about to change. Until ``end()``, nothing goes to the server for them.
struct NameTurns: Sendable {
  fileprivate(set) var files: [WorkFile] = []
  fileprivate let flight = Flight<Void, Errno>()

  func end() {
    for file in files { file.endNameChange(flight) }
    flight.finish(.success(()))
    for file in files { file.hold() }
  }
}

/// A change of a name takes turns with uploads under that name.
extension WorkTree {
  /// A rename of a directory that is under way.
  struct DirectoryRename: Sendable {
    var directory: WorkDirectory
    var flight: Flight<Void, Errno>
  }

  /// Waits for the turns of `files`, and for uploads that are under way.
  func takeTurns(of files: [WorkFile]) async throws(Errno) -> NameTurns {
    // Everybody takes them in the same order. Nobody who holds one waits for a directory, because that waits for all
    // files beneath it.
    let files = files.sorted { $0.inode.rawValue < $1.inode.rawValue }
    var turns = NameTurns()
    do throws(Errno) {
      while turns.files.count < files.count {
        let file = files[turns.files.count]
        switch file.beginNameChange(turns.flight) {
        case nil: turns.files.append(file)
        case .file(let other): try await other.end()
        case .directory(let other):
          turns.end()
          turns = NameTurns()
          try await other.end()
        }
      }
      for file in files { try await file.sending?.end() }
    } catch {
      turns.end()
      throw error
    }
    return turns
  }

  /// Runs `body` while nothing goes to the server for files beneath `directory`, because an upload would make the old
  /// path again.
  func whileNothingIsSent(
    beneath directory: WorkDirectory, _ body: () async throws(Errno) -> Void
  ) async throws(Errno) {
    let rename = DirectoryRename(directory: directory, flight: Flight())
    while let other = begin(rename) { try await other.flight.end() }
    defer {
      directoryRename.withLock { $0 = nil }
      rename.flight.finish(.success(()))
    }
    for file in shared.writtenFiles where file.tree === self {
      // Includes a file that is about to move in.
      try await file.nameChange?.end()
      if file.place.isBeneath(directory) { try await file.sending?.end() }
    }
    try await body()
  }

  /// Returns the rename that has to end first.
  private func begin(_ rename: DirectoryRename) -> DirectoryRename? {
    directoryRename.withLock { current in
      if let current { return current }
      current = rename
      return nil
    }
  }
}
