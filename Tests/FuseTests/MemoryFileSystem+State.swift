import CFuse
import CLinux
import Glibc
import Synchronization
import SystemPackage
import VFS

extension MemoryFileSystem {
  struct Node {
    var attributes: Attributes
    var bytes: [UInt8] = []
    var target = ""
    var isStream = false
    var children: [Name: InodeID] = [:]
    /// In the order of making, which is that of listing.
    var listing: [(cookie: UInt64, name: Name)] = []
    var lookups: UInt64 = 0
    var opens = 0
  }

  struct State {
    var nodes: [InodeID: Node] = [:]
    var handles: [HandleID: InodeID] = [:]
    var lastNumber: UInt64 = 1
    var calls: [String: Int] = [:]
    var notifier: (any Notifier)?
    var waiters: [UInt64: CheckedContinuation<Void, Never>] = [:]
    /// Waiters that were cancelled before they waited.
    var cancelled: Set<UInt64> = []
    /// Streams end where they are.
    var isEnding = false
  }

  func answer<Value: Sendable>(
    _ operation: String, _ body: (inout State) throws(Errno) -> Value
  ) -> Outcome<Value> {
    Outcome { () throws(Errno) in
      let result: Result<Value, Errno> = state.withLock { state in
        state.calls[operation, default: 0] += 1
        do throws(Errno) { return .success(try body(&state)) } catch { return .failure(error) }
      }
      return try result.get()
    }
  }

  func waitForMore(than offset: Int, in inode: InodeID) async throws(Errno) {
    let number = state.withLock { state in
      state.lastNumber += 1
      return state.lastNumber
    }
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isReady = state.withLock { state in
          if state.isEnding || state.cancelled.contains(number) || (state.nodes[inode]?.bytes.count ?? 0) > offset {
            return true
          }
          state.calls["parked", default: 0] += 1
          state.waiters[number] = continuation
          return false
        }
        if isReady { continuation.resume() }
      }
    } onCancel: {
      let waiter = state.withLock { state in
        state.cancelled.insert(number)
        return state.waiters.removeValue(forKey: number)
      }
      waiter?.resume()
    }
    if Task.isCancelled { throw .interrupted }
  }

  static func attributes(_ inode: InodeID, _ kind: FileKind, permissions: UInt16, _ caller: Caller) -> Attributes {
    Attributes(
      inode: inode, kind: kind, permissions: permissions, linkCount: kind == .directory ? 2 : 1, user: caller.user,
      group: caller.group, size: 0, accessed: .now, modified: .now, changed: .now)
  }
}

extension MemoryFileSystem.State {
  func node(_ inode: InodeID) throws(Errno) -> MemoryFileSystem.Node {
    guard let node = nodes[inode] else { throw .staleNFSFileHandle }
    return node
  }

  func child(_ name: Name, in directory: InodeID) throws(Errno) -> InodeID {
    guard let inode = try node(directory).children[name] else { throw .noSuchFileOrDirectory }
    return inode
  }

  func requireAbsent(_ name: Name, in directory: InodeID) throws(Errno) {
    guard try node(directory).children[name] == nil else { throw .fileExists }
  }

  mutating func countedEntry(_ inode: InodeID, _ timeout: Duration) throws(Errno) -> Entry {
    let attributes = try node(inode).attributes
    nodes[inode]!.lookups += 1
    return Entry(attributes, attributeTimeout: timeout, nameTimeout: timeout)
  }

  mutating func add(
    _ name: Name, in directory: InodeID, _ kind: FileKind, permissions: UInt16, _ caller: Caller
  ) -> InodeID {
    lastNumber += 1
    let inode = InodeID(rawValue: lastNumber)
    nodes[inode] = MemoryFileSystem.Node(
      attributes: MemoryFileSystem.attributes(inode, kind, permissions: permissions, caller))
    list(name, inode, in: directory)
    return inode
  }

  mutating func list(_ name: Name, _ inode: InodeID, in directory: InodeID) {
    lastNumber += 1
    nodes[directory]!.children[name] = inode
    nodes[directory]!.listing.append((lastNumber, name))
    touch(directory)
  }

  mutating func unlist(_ name: Name, in directory: InodeID) {
    nodes[directory]!.children[name] = nil
    nodes[directory]!.listing.removeAll { $0.name == name }
    touch(directory)
  }

  mutating func remove(_ name: Name, in directory: InodeID) {
    guard let inode = nodes[directory]!.children[name] else { return }
    unlist(name, in: directory)
    nodes[inode]!.attributes.linkCount -= nodes[inode]!.attributes.kind == .directory ? 2 : 1
    dropIfUnused(inode)
  }

  mutating func dropIfUnused(_ inode: InodeID) {
    guard let node = nodes[inode], node.attributes.linkCount == 0, node.lookups == 0, node.opens == 0 else { return }
    nodes[inode] = nil
  }

  mutating func openHandle(_ inode: InodeID) -> HandleID {
    lastNumber += 1
    let handle = HandleID(rawValue: lastNumber)
    handles[handle] = inode
    nodes[inode]!.opens += 1
    return handle
  }

  mutating func close(_ handle: HandleID) {
    guard let inode = handles.removeValue(forKey: handle) else { return }
    nodes[inode]?.opens -= 1
    dropIfUnused(inode)
  }

  mutating func touch(_ inode: InodeID) {
    nodes[inode]!.attributes.modified = .now
    nodes[inode]!.attributes.changed = .now
  }
}

extension MemoryFileSystem.Node {
  mutating func resize(to size: Int) {
    if size < bytes.count {
      bytes.removeSubrange(size...)
    } else {
      bytes += Array(repeating: 0, count: size - bytes.count)
    }
    attributes.size = Int64(size)
  }
}

extension Caller {
  static var own: Caller { Caller(user: getuid(), group: getgid(), process: ProcessID(rawValue: getpid())) }
}

extension Timestamp {
  static var now: Timestamp {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Timestamp(seconds: Int64(time.tv_sec), nanoseconds: Int32(time.tv_nsec))
  }
}

extension AttributeChanges.Time {
  var value: Timestamp {
    switch self {
    case .now: .now
    case .at(let time): time
    }
  }
}

extension Outcome {
  /// The answer of an operation that answers at once.
  func value() throws(Errno) -> Value {
    switch self {
    case .ready(let value): return value
    case .failed(let errno): throw errno
    case .pending: throw .ioError
    }
  }
}
