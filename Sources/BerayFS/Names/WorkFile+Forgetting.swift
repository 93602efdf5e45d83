import Synchronization
import SystemPackage
import VFS

extension WorkFile {
  /// Whether the next listing can restore all that is known of the file, and nothing is under way for it.
  var isIdle: Bool {
    known { state in
      !state.opens.isOpen && !state.existence.isNew && !state.existence.isHeldBack && state.turn.isFree
        && state.source.remote?.isIdle ?? false && state.bringing == nil
        && state.attributes.unsent.isEmpty && state.attributes.accessed == nil && state.server.unlisted == nil
        && state.server.listed.size != nil && state.server.listed.modified != nil
    }
  }

  func forgotten() { tree.nodeWasForgotten() }
}
