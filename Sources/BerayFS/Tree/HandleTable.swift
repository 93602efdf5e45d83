import Synchronization
import VFS

/// An open directory: the names that were there when its reading began, so that a reader sees each once whatever changes
/// meanwhile. What stands behind a name is asked when it is told, never kept.
final class DirectoryHandle: Sendable {
  let node: any DirectoryNode
  /// Whether the kernel makes its copy of the listing from what this handle gives.
  let fillsKernelCopy: Bool
  private let names = Mutex<[ListedName]?>(nil)

  init(node: any DirectoryNode, fillsKernelCopy: Bool) {
    self.node = node
    self.fillsKernelCopy = fillsKernelCopy
  }

  /// The names behind `cookie`. From the start, they are those of now: a first read, or rewinddir(3).
  func names(after cookie: UInt64) -> ArraySlice<ListedName> {
    let names = names(anew: cookie == 0)
    // Cookies ascend: find the first one that is greater.
    var low = 0
    var high = names.count
    while low < high {
      let middle = (low + high) / 2
      if names[middle].cookie <= cookie { low = middle + 1 } else { high = middle }
    }
    return names[low...]
  }

  private func names(anew: Bool) -> [ListedName] {
    if !anew, let known = names.withLock({ $0 }) { return known }
    let taken = node.names(forKernel: fillsKernelCopy && anew)
    names.withLock { $0 = taken }
    return taken
  }
}

/// The open files and directories of a mount, by the numbers that the kernel knows them by.
final class HandleTable: Sendable {
  private struct State {
    var files: [HandleID: any OpenFile] = [:]
    var directories: [HandleID: DirectoryHandle] = [:]
    /// The one handle of each directory from which the kernel may fill its copy of the listing.
    var fillers: [InodeID: HandleID] = [:]
    var next: UInt64 = 1
  }

  private let state = Mutex(State())

  func add(_ file: any OpenFile) -> HandleID {
    let handle = state.withLock { state in
      let handle = HandleID(rawValue: state.next)
      state.next += 1
      state.files[handle] = file
      return handle
    }
    file.opened(as: handle)
    return handle
  }

  /// Opens a directory.
  ///
  /// The kernel fills its copy of a listing from every handle that may, side by side, and dates it by the directory's
  /// mtime of that moment: names of an older reader would stand under the newer one's mtime. So one handle may at a time.
  func add(_ node: any DirectoryNode, _ copy: KernelCopy) -> OpenReply {
    state.withLock { state in
      let handle = HandleID(rawValue: state.next)
      state.next += 1
      let fills = copy != .none && state.fillers[node.inode] == nil
      if fills { state.fillers[node.inode] = handle }
      state.directories[handle] = DirectoryHandle(node: node, fillsKernelCopy: fills)
      node.countHandles(1)
      var options: OpenReply.Options = fills ? [.cacheDirectory] : []
      // What somebody else is filling is not dropped under them.
      if copy == .current || (copy != .none && !fills) { options.insert(.keepCache) }
      return OpenReply(handle: handle, options: options)
    }
  }

  func file(_ handle: HandleID) -> (any OpenFile)? {
    state.withLock { $0.files[handle] }
  }

  func directory(_ handle: HandleID) -> DirectoryHandle? {
    state.withLock { $0.directories[handle] }
  }

  func removeFile(_ handle: HandleID) -> (any OpenFile)? {
    state.withLock { $0.files.removeValue(forKey: handle) }
  }

  func removeDirectory(_ handle: HandleID) {
    state.withLock { state in
      guard let directory = state.directories.removeValue(forKey: handle) else { return }
      directory.node.countHandles(-1)
      guard directory.fillsKernelCopy else { return }
      state.fillers.removeValue(forKey: directory.node.inode)
    }
  }

  /// Every open file at this moment.
  var files: [any OpenFile] { state.withLock { Array($0.files.values) } }
}
