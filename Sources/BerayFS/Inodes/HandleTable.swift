import Algorithms
import Synchronization
import SystemPackage
import VFS

/// An open directory: the names at the moment when its reading began, so that a reader sees each once whatever changes
/// meanwhile. What is told of a node is asked for only then.
final class DirectoryHandle: Sendable {
  let node: any DirectoryNode
  /// Whether the kernel fills its copy of the listing from this handle.
  let fillsKernelCopy: Bool
  private let names = Mutex<[ListedName]?>(nil)

  init(node: any DirectoryNode, fillsKernelCopy: Bool) {
    self.node = node
    self.fillsKernelCopy = fillsKernelCopy
  }

  /// The names behind `cookie`. A read from the start (the first, or after rewinddir(3)) takes the names of now.
  func names(after cookie: UInt64) -> ArraySlice<ListedName> {
    let names = names(anew: cookie == 0)
    // Cookies ascend.
    return names[names.partitioningIndex { $0.cookie > cookie }...]
  }

  private func names(anew: Bool) -> [ListedName] {
    if !anew, let known = names.withLock({ $0 }) { return known }
    let taken = node.names(forKernel: fillsKernelCopy && anew)
    names.withLock { $0 = taken }
    return taken
  }

  /// Another reader of the same directory began with `newer` names. What this one has not read yet is taken from these,
  /// so that no older name gets into the copy that both fill for the kernel.
  func goOn(with newer: [ListedName]) {
    names.withLock { if $0 != nil { $0 = newer } }
  }

  /// What was taken last; nil: nothing.
  var taken: [ListedName]? { names.withLock { $0 } }
}

/// The open files and directories of a mount, by handle number.
final class HandleTable: Sendable {
  private struct State {
    var files: [HandleID: any OpenFile] = [:]
    var directories: [HandleID: DirectoryHandle] = [:]
    /// The handles of each directory from which the kernel may fill its copy of the listing.
    var fillers: [InodeID: [HandleID]] = [:]
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
  /// The kernel fills its copy of a listing from all handles, side by side, and dates it by the directory's mtime of that
  /// moment: names of an older reader would stand under the newer one's mtime. So all go on with what the newest read.
  func add(_ node: any DirectoryNode, _ copy: KernelCopy) -> OpenReply {
    state.withLock { state in
      let handle = HandleID(rawValue: state.next)
      state.next += 1
      let fills = copy != .none
      if fills { state.fillers[node.inode, default: []].append(handle) }
      state.directories[handle] = DirectoryHandle(node: node, fillsKernelCopy: fills)
      node.countHandles(1)
      var options: OpenReply.Options = fills ? [.cacheDirectory] : []
      if copy == .current { options.insert(.keepCache) }
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
      state.fillers[directory.node.inode]?.removeAll { $0 == handle }
      if state.fillers[directory.node.inode]?.isEmpty ?? false { state.fillers[directory.node.inode] = nil }
    }
  }

  /// The names of an open directory behind `cookie`.
  func names(_ handle: HandleID, after cookie: UInt64) throws(Errno) -> (DirectoryHandle, ArraySlice<ListedName>) {
    guard let directory = directory(handle) else { throw .badFileDescriptor }
    let names = directory.names(after: cookie)
    if cookie == 0, directory.fillsKernelCopy, let taken = directory.taken {
      let others = state.withLock { state in
        (state.fillers[directory.node.inode] ?? []).filter { $0 != handle }.compactMap { state.directories[$0] }
      }
      for other in others { other.goOn(with: taken) }
    }
    return (directory, names)
  }

  /// Every open file at this moment.
  var files: [any OpenFile] { state.withLock { Array($0.files.values) } }
}
