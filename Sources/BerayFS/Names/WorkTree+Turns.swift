import Synchronization
import SystemPackage
import VFS
import Waiting

/// The turns of files whose names are about to change. Until ``end()``, nothing begins to go to the server for them.
struct NameTurns: Sendable {
  fileprivate(set) var files: [WorkFile] = []
  fileprivate let flight = Flight<Void, Errno>()

  func end() {
    for file in files { file.endNameChange() }
    flight.finish(.success(()))
    for file in files { file.hold() }
  }
}

/// Changes of names take turns with what goes to the server under these names.
extension WorkTree {
  /// A rename of a directory that is under way.
  struct DirectoryRename: Sendable {
    var directory: WorkDirectory
    var flight: Flight<Void, Errno>
  }

  /// Waits for the turns of `files`, and until what is on its way for them has arrived.
  func takeTurns(of files: [WorkFile]) async throws(Errno) -> NameTurns {
    // All take them in one order, and nobody who has one waits for a directory, which waits for all beneath it.
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

  /// Runs `body` while nothing is on its way to the server for files beneath `directory`: it would make the old path anew.
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
      // Also one that is about to come into it from elsewhere.
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

extension WorkFile {
  /// What keeps a change of the name waiting.
  fileprivate enum Obstacle {
    case file(Flight<Void, Errno>)
    case directory(Flight<Void, Errno>)
  }

  /// What is on its way to the server.
  var sending: Flight<Void, Errno>? { state.withLock { $0.turn.sending } }
  fileprivate var nameChange: Flight<Void, Errno>? { state.withLock { $0.turn.nameChange } }

  /// The change of the file's name, or of a directory's above it, that has to end before anything may go to the server.
  func nameChange(_ state: borrowing FileState) -> Flight<Void, Errno>? {
    state.turn.nameChange ?? directoryRename(state)
  }

  private func directoryRename(_ state: borrowing FileState) -> Flight<Void, Errno>? {
    guard let rename = tree.directoryRename.withLock({ $0 }), state.place.isBeneath(rename.directory) else {
      return nil
    }
    return rename.flight
  }

  fileprivate func beginNameChange(_ turn: Flight<Void, Errno>) -> Obstacle? {
    state.withLock { state in
      if let other = state.turn.nameChange { return .file(other) }
      // A directory's rename that does not know of this one yet is known here.
      tree.shared.remember(self)
      // Whichever it is: the file may be about to come into it.
      if let other = tree.directoryRename.withLock({ $0 }) {
        rememberWhileUnsent(state)
        return .directory(other.flight)
      }
      state.turn.begins(changingName: turn)
      return nil
    }
  }

  fileprivate func endNameChange() {
    state.withLock { state in
      state.turn.nameChanged()
      rememberWhileUnsent(state)
    }
  }
}
