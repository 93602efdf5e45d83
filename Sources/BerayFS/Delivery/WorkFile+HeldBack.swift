import Beray
import Synchronization
import SystemPackage
import VFS

/// Files that tools make on the way to a save. A server that cannot rename or remove gets them only once they prove to
/// stay.
extension WorkFile {
  /// How long after its last close a file that was neither renamed nor removed counts as one that stays.
  static let holdTime = Duration.seconds(10)

  var isHeldBack: Bool { state.withLock { $0.existence.isHeldBack } }

  /// Turns the file into one that a program has just made: empty.
  /// - Parameters:
  ///   - hidden: what the server has under this name, which a program had taken away.
  ///   - joinsOthers: whether the program did not say that it must be new or empty.
  func wasMade(inPlaceOf hidden: HiddenFile?, isHeldBack: Bool, joinsOthers: Bool) {
    state.withLock { state in
      if isHeldBack { state.existence.isHeldBack(isNew: hidden == nil) }
      if let hidden {
        state.existence.serverHasIt()
        state.learns { $0.isFound(hidden) }
      }
      writer.attachEmpty(&state)
      if hidden == nil, joinsOthers { state.buffer?.joinsOthers() }
    }
  }

  /// From now on the file waits for its rename or removal, if it is held back and nobody has it open.
  func hold() {
    let wait = state.withLock { $0.opens.isOpen ? nil : $0.existence.beginWait() }
    guard let wait else { return }
    Task {
      repeat {
        do { try await tree.context.time.sleep(Self.holdTime) } catch { return }
      } while isKeptByItsEditor(wait)
      let stays = state.withLock { state in
        let stays = state.existence.isDecided(by: wait) && !state.opens.isOpen && state.turn.nameChange == nil
        if stays { state.existence.goesUp() }
        return stays
      }
      if stays { _ = try? await uploader.upload(.release, includingEmpty: true) }
    }
  }

  /// Whether a living editor keeps it beside a file that it edits.
  private func isKeptByItsEditor(_ wait: Existence.Wait) -> Bool {
    let (keeper, place) = state.withLock { ($0.existence.isDecided(by: wait) ? $0.existence.keeper : nil, $0.place) }
    guard let keeper, tree.shared.names.classify(place.name) == .editorsOwn else { return false }
    return tree.shared.threadGroup(keeper) != nil
  }

  /// It waits under a name of which the server has nothing.
  func isHeldBackAlone() {
    state.withLock { state in
      state.existence.isHeldBack(isNew: true)
      state.learns { $0.hasNothing() }
      state.buffer?.base = nil
    }
  }

  /// The file goes up as any other.
  func letGo() { state.withLock { $0.existence.goesUp() } }

  /// Holds back a file that the server has under another name, and may have under this one.
  /// - Parameter replaced: what the server has under the new name.
  func holdBack(_ buffer: WriteBuffer, at place: WorkDirectory.Place, replacing replaced: FileVersion?) {
    buffer.becameFresh(at: tree.context.time.now())
    buffer.base = replaced
    state.withLock { state in
      state.moves(to: place)
      state.existence.isHeldBack(isNew: replaced == nil)
      state.learns { $0.isReplaced(by: replaced ?? FileVersion(size: buffer.size)) }
    }
  }

  /// The server has the content after all, as `version`, under the name that the file has got back.
  func wasRestored(to version: FileVersion, at place: WorkDirectory.Place) {
    let buffer = state.withLock { state in
      state.moves(to: place)
      state.existence.arrived()
      state.learns { $0.isReplaced(by: version) }
      state.buffer?.base = version
      return state.buffer
    }
    buffer?.wasSent()
    writer.retireBuffer()
  }
}
