import Beray
import Synchronization
import VFS

extension WorkFile {
  /// A range turned out to be of another version than those before.
  func changedOnServer(_ content: FileContent, _ generation: UInt32) {
    change { state in
      guard state.generation == generation, state.buffer == nil else { return }
      state.changedByOthers(content.etag, size: content.size)
      kernelForgets(&state)
    }
    tree.markStale()
  }
}
