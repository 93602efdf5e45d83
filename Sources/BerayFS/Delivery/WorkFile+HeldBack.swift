import Beray
import Synchronization
import SystemPackage
import VFS

/// Files that tools make on the way to a save. A server that cannot rename or remove gets them only once they prove to
/// stay.
extension WorkFile {
  /// How long after its last close a file that was neither renamed nor removed counts as one that stays.
  static let holdTime = Duration.seconds(10)

  var isHeldBack: Bool { known { $0.existence.isHeldBack } }

  /// Turns the file into one that a program has just made: empty.
  /// - Parameters:
  ///   - hidden: what the server has under this name, which a program had taken away.
  ///   - joinsOthers: whether the program did not say that it must be new or empty.
  func wasMade(inPlaceOf hidden: HiddenFile?, isHeldBack: Bool, joinsOthers: Bool) {
    change { state in
      state.make(inPlaceOf: hidden, isHeldBack: isHeldBack)
      writer.attachEmpty(&state)
      if hidden == nil, joinsOthers { state.buffer?.joinsOthers() }
    }
  }

  /// From now on the file waits for its rename or removal, if it is held back and nobody has it open.
  func hold() {
    let wait = change { $0.opens.isOpen ? nil : $0.existence.beginWait() }
    guard let wait else { return }
    Task {
      repeat {
        do { try await tree.context.time.sleep(Self.holdTime) } catch { return }
      } while isKeptByItsEditor(wait)
      let stays = change { state in
        let stays = state.existence.isDecided(by: wait) && !state.opens.isOpen && state.turn.nameChange == nil
        if stays { state.existence.goesUp() }
        return stays
      }
      if stays { _ = try? await uploader.upload(.release, includingEmpty: true) }
    }
  }

  /// Whether a living editor keeps it beside a file that it edits.
  private func isKeptByItsEditor(_ wait: Existence.Wait) -> Bool {
    let (keeper, place) = known { ($0.existence.isDecided(by: wait) ? $0.existence.keeper : nil, $0.place) }
    guard let keeper, tree.shared.names.classify(place.name) == .editorsOwn else { return false }
    return tree.shared.threadGroup(keeper) != nil
  }

  /// It waits under a name of which the server has nothing.
  func holdBackAlone() { change { $0.holdBackAlone() } }

  /// The file goes up as any other.
  func letGo() { change { $0.existence.goesUp() } }

  /// Holds back a file that the server has under another name, and may have under this one.
  /// - Parameter replaced: what the server has under the new name.
  func holdBack(_ buffer: WriteBuffer, at place: WorkDirectory.Place, replacing replaced: FileVersion?) {
    buffer.becameFresh(at: tree.context.time.now())
    change { $0.holdBack(buffer, at: place, replacing: replaced) }
  }

  /// The server has the content after all, as `version`, under the name that the file has got back.
  func wasRestored(to version: FileVersion, at place: WorkDirectory.Place) {
    let buffer = change { state in
      state.restore(to: version, at: place)
      return state.buffer
    }
    buffer?.wasSent()
    writer.retireBuffer()
  }
}
