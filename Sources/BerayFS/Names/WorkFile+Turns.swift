import Synchronization
import SystemPackage
import VFS
import Waiting

/// The file's turn: either its name changes, or something goes to the server under it.
extension WorkFile {
  /// What keeps a change of the name waiting.
  enum Obstacle {
    case file(Flight<Void, Errno>)
    case directory(Flight<Void, Errno>)
  }

  /// What is on its way to the server.
  var sending: Flight<Void, Errno>? { known { $0.turn.sending } }
  var nameChange: Flight<Void, Errno>? { known { $0.turn.nameChange } }

  /// The change of the file's name, or of a directory's above it, that has to end before anything goes to the server.
  func nameChange(_ state: borrowing FileState) -> Flight<Void, Errno>? {
    state.turn.nameChange ?? directoryRename(state)
  }

  private func directoryRename(_ state: borrowing FileState) -> Flight<Void, Errno>? {
    guard let rename = tree.directoryRename.withLock({ $0 }), state.place.isBeneath(rename.directory) else {
      return nil
    }
    return rename.flight
  }

  func beginNameChange(_ turn: Flight<Void, Errno>) -> Obstacle? {
    change { state in
      if let other = state.turn.nameChange { return .file(other) }
      // A directory's rename that does not know of this file yet is seen here.
      register(true, &state)
      // Any rename counts: the file may be about to move into that directory.
      if let other = tree.directoryRename.withLock({ $0 }) { return .directory(other.flight) }
      state.turn.begins(changingName: turn)
      return nil
    }
  }

  func endNameChange(_ turn: Flight<Void, Errno>) {
    change { $0.turn.ends(changingName: turn) }
  }

  /// Ends the turn of an upload or of attributes, and schedules a retry if something failed.
  func endSending(_ flight: Flight<Void, Errno>, _ result: Result<Void, Errno>) {
    change { $0.turn.ends(sending: flight) }
    flight.finish(result)
    tree.retrier.retryLater(self)
  }

  /// Waits until no change of a name on the way to the file is under way.
  func untilNamesStay() async throws(Errno) {
    while let change = known({ nameChange($0) }) { try await change.end() }
  }
}
