import Synchronization
import VFS

/// An open directory: the listing that its opendir took, so that a reader sees each entry once whatever changes meanwhile.
final class DirectoryHandle: Sendable {
  let node: any DirectoryNode
  private let state: Mutex<(listing: Listing, wasRead: Bool)>

  init(node: any DirectoryNode, listing: Listing) {
    self.node = node
    self.state = Mutex((listing, false))
  }

  /// The entries behind `cookie`. From the start a second time is rewinddir(3), which shows the directory as it is now.
  func items(after cookie: UInt64) -> ArraySlice<Listing.Item> {
    let isRewind = state.withLock { state in
      defer { state.wasRead = true }
      return cookie == 0 && state.wasRead
    }
    if isRewind, case .ready(let listing) = node.list() {
      state.withLock { $0.listing = listing }
    }
    let items = state.withLock { $0.listing.items }
    // Cookies ascend: find the first one that is greater.
    var low = 0
    var high = items.count
    while low < high {
      let middle = (low + high) / 2
      if items[middle].cookie <= cookie { low = middle + 1 } else { high = middle }
    }
    return items[low...]
  }
}

/// The open files and directories of a mount, by the numbers that the kernel knows them by.
final class HandleTable: Sendable {
  private struct State {
    var files: [HandleID: any OpenFile] = [:]
    var directories: [HandleID: DirectoryHandle] = [:]
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

  func add(_ directory: DirectoryHandle) -> HandleID {
    state.withLock { state in
      let handle = HandleID(rawValue: state.next)
      state.next += 1
      state.directories[handle] = directory
      return handle
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
    state.withLock { _ = $0.directories.removeValue(forKey: handle) }
  }

  /// Every open file at this moment.
  var files: [any OpenFile] { state.withLock { Array($0.files.values) } }
}
