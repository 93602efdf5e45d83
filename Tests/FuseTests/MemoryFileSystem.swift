import Glibc
import Synchronization
import SystemPackage
import VFS

/// A file system in memory: plain POSIX, answered at once, and streams, whose reads wait for more.
///
/// It is what the FUSE layer and the POSIX facts are tested on; it counts the calls that reach it.
final class MemoryFileSystem: FileSystem {
  let state = Mutex(State())
  let timeout: Duration

  init(timeout: Duration = .seconds(3600)) {
    self.timeout = timeout
    state.withLock { state in
      state.nodes[.root] = Node(
        attributes: Self.attributes(.root, .directory, permissions: 0o755, .own))
      state.nodes[.root]?.lookups = 1
    }
  }

  // MARK: - For tests

  func calls(of operation: String) -> Int { state.withLock { $0.calls[operation] ?? 0 } }
  var openHandles: Int { state.withLock { $0.handles.count } }
  var knownInodes: Int { state.withLock { $0.nodes.count } }

  /// Makes a file in the root.
  @discardableResult
  func add(_ name: Name, bytes: [UInt8] = [], isStream: Bool = false, to directory: InodeID = .root) -> InodeID {
    state.withLock { state in
      let inode = state.add(name, in: directory, .regular, permissions: 0o644, .own)
      state.nodes[inode]!.bytes = bytes
      state.nodes[inode]!.attributes.size = isStream ? 0 : Int64(bytes.count)
      state.nodes[inode]!.isStream = isStream
      return inode
    }
  }

  /// Appends as somebody else would: the kernel learns of it by a notice alone.
  func append(_ bytes: [UInt8], to inode: InodeID) {
    let (notifier, handles, waiters) = state.withLock { state in
      state.nodes[inode]!.bytes += bytes
      if !state.nodes[inode]!.isStream { state.nodes[inode]!.attributes.size += Int64(bytes.count) }
      state.touch(inode)
      defer { state.waiters = [:] }
      let handles = state.handles.filter { $0.value == inode }.map(\.key)
      return (state.notifier, handles, Array(state.waiters.values))
    }
    notifier?.invalidate(inode, pages: true)
    for handle in handles { notifier?.wake(handle) }
    for waiter in waiters { waiter.resume() }
  }

  // MARK: - FileSystem

  func interruptAll() {
    let waiters = state.withLock { state in
      state.isEnding = true
      defer { state.waiters = [:] }
      return state.waiters.values
    }
    for waiter in waiters { waiter.resume() }
  }

  func start(notifier: any Notifier) { state.withLock { $0.notifier = notifier } }

  func lookup(_ name: Name, in directory: InodeID, caller: Caller) -> Outcome<Entry> {
    answer("lookup") { state throws(Errno) in try state.countedEntry(try state.child(name, in: directory), self.timeout)
    }
  }

  func forget(_ inode: InodeID, count: UInt64) {
    state.withLock { state in
      state.calls["forget", default: 0] += 1
      state.nodes[inode]?.lookups -= count
      state.dropIfUnused(inode)
    }
  }

  func getattr(_ inode: InodeID, handle: HandleID?) -> Outcome<AttributeReply> {
    answer("getattr") { state throws(Errno) in
      AttributeReply(try state.node(inode).attributes, timeout: self.timeout)
    }
  }

  func setattr(
    _ inode: InodeID, _ changes: AttributeChanges, handle: HandleID?, caller: Caller
  ) -> Outcome<AttributeReply> {
    answer("setattr") { state throws(Errno) in
      var node = try state.node(inode)
      if let size = changes.size {
        guard node.attributes.kind == .regular else { throw .invalidArgument }
        node.resize(to: Int(size))
      }
      if let permissions = changes.permissions { node.attributes.permissions = permissions }
      if let user = changes.user { node.attributes.user = user }
      if let group = changes.group { node.attributes.group = group }
      node.attributes.changed = .now
      if changes.size != nil { node.attributes.modified = .now }
      if let time = changes.accessed { node.attributes.accessed = time.value }
      if let time = changes.modified { node.attributes.modified = time.value }
      state.nodes[inode] = node
      return AttributeReply(node.attributes, timeout: self.timeout)
    }
  }

  func readlink(_ inode: InodeID) -> Outcome<String> {
    answer("readlink") { state throws(Errno) in try state.node(inode).target }
  }

  func mkdir(_ name: Name, in directory: InodeID, permissions: UInt16, caller: Caller) -> Outcome<Entry> {
    answer("mkdir") { state throws(Errno) in
      try state.requireAbsent(name, in: directory)
      return try state.countedEntry(
        state.add(name, in: directory, .directory, permissions: permissions, caller), self.timeout)
    }
  }

  func rmdir(_ name: Name, in directory: InodeID, caller: Caller) -> Outcome<Void> {
    answer("rmdir") { state throws(Errno) in
      let node = try state.node(try state.child(name, in: directory))
      guard node.attributes.kind == .directory else { throw .notDirectory }
      guard node.children.isEmpty else { throw .directoryNotEmpty }
      state.remove(name, in: directory)
    }
  }

  func unlink(_ name: Name, in directory: InodeID, caller: Caller) -> Outcome<Void> {
    answer("unlink") { state throws(Errno) in
      guard try state.node(try state.child(name, in: directory)).attributes.kind != .directory else {
        throw .isDirectory
      }
      state.remove(name, in: directory)
    }
  }

  func rename(
    _ name: Name, in directory: InodeID, to newName: Name, in newDirectory: InodeID, flags: RenameFlags,
    caller: Caller
  ) -> Outcome<Void> {
    answer("rename") { state throws(Errno) in
      guard !flags.contains(.exchange) else { throw .invalidArgument }
      let inode = try state.child(name, in: directory)
      if let other = try state.node(newDirectory).children[newName] {
        if flags.contains(.noReplace) { throw .fileExists }
        if other == inode { return }
        if try state.node(inode).attributes.kind == .directory, try !state.node(other).children.isEmpty {
          throw .directoryNotEmpty
        }
        state.remove(newName, in: newDirectory)
      }
      state.unlist(name, in: directory)
      state.list(newName, inode, in: newDirectory)
      state.nodes[inode]!.attributes.changed = .now
    }
  }

  func symlink(_ target: String, at name: Name, in directory: InodeID, caller: Caller) -> Outcome<Entry> {
    answer("symlink") { state throws(Errno) in
      try state.requireAbsent(name, in: directory)
      let inode = state.add(name, in: directory, .symbolicLink, permissions: 0o777, caller)
      state.nodes[inode]!.target = target
      state.nodes[inode]!.attributes.size = Int64(target.utf8.count)
      return try state.countedEntry(inode, self.timeout)
    }
  }

  func link(_ inode: InodeID, at name: Name, in directory: InodeID, caller: Caller) -> Outcome<Entry> {
    answer("link") { state throws(Errno) in
      try state.requireAbsent(name, in: directory)
      _ = try state.node(inode)
      state.list(name, inode, in: directory)
      state.nodes[inode]!.attributes.linkCount += 1
      return try state.countedEntry(inode, self.timeout)
    }
  }

  func create(
    _ name: Name, in directory: InodeID, permissions: UInt16, flags: OpenFlags, caller: Caller
  ) -> Outcome<CreateReply> {
    answer("create") { state throws(Errno) in
      try state.requireAbsent(name, in: directory)
      let inode = state.add(name, in: directory, .regular, permissions: permissions, caller)
      let handle = state.openHandle(inode)
      return CreateReply(entry: try state.countedEntry(inode, self.timeout), open: OpenReply(handle: handle))
    }
  }

  func open(_ inode: InodeID, flags: OpenFlags, caller: Caller) -> Outcome<OpenReply> {
    answer("open") { state throws(Errno) in
      var node = try state.node(inode)
      if flags.contains(.truncate) {
        node.resize(to: 0)
        node.attributes.modified = .now
        state.nodes[inode] = node
      }
      let options: OpenReply.Options = node.isStream ? [.directIO, .nonSeekable] : [.keepCache, .noFlush]
      return OpenReply(handle: state.openHandle(inode), options: options)
    }
  }

  func read(
    _ inode: InodeID, handle: HandleID, offset: Int64, count: Int, flags: OpenFlags
  ) -> Outcome<ArraySlice<UInt8>> {
    let outcome: Outcome<ArraySlice<UInt8>?> = answer("read") { state throws(Errno) in
      let node = try state.node(inode)
      let start = min(Int(offset), node.bytes.count)
      if start == node.bytes.count, node.isStream, !state.isEnding {
        if flags.contains(.nonBlocking) { throw .resourceTemporarilyUnavailable }
        return nil
      }
      return node.bytes[start..<min(start + count, node.bytes.count)]
    }
    switch outcome {
    case .ready(let bytes?): return .ready(bytes)
    case .failed(let errno): return .failed(errno)
    case .ready(nil), .pending:
      return .pending { () async throws(Errno) in
        try await self.waitForMore(than: Int(offset), in: inode)
        return try await self.read(inode, handle: handle, offset: offset, count: count, flags: flags).get()
      }
    }
  }

  func write(
    _ inode: InodeID, handle: HandleID, offset: Int64?, bytes: RawSpan, caller: Caller
  ) -> Outcome<Int> {
    let bytes = bytes.withUnsafeBytes { Array($0) }
    return answer("write") { state throws(Errno) in
      _ = try state.node(inode)
      let start = offset.map { Int($0) } ?? state.nodes[inode]!.bytes.count
      let end = start + bytes.count
      if end > state.nodes[inode]!.bytes.count { state.nodes[inode]!.resize(to: end) }
      state.nodes[inode]!.bytes.replaceSubrange(start..<end, with: bytes)
      state.touch(inode)
      return bytes.count
    }
  }

  func flush(_ inode: InodeID, handle: HandleID, caller: Caller) -> Outcome<Void> { answer("flush") { _ in } }

  func release(_ inode: InodeID, handle: HandleID) -> Outcome<Void> {
    answer("release") { state throws(Errno) in state.close(handle) }
  }

  func fsync(_ inode: InodeID, handle: HandleID, dataOnly: Bool) -> Outcome<Void> { answer("fsync") { _ in } }

  func opendir(_ inode: InodeID, caller: Caller) -> Outcome<OpenReply> {
    answer("opendir") { state throws(Errno) in
      OpenReply(handle: state.openHandle(inode), options: [.cacheDirectory, .keepCache])
    }
  }

  func readdir(
    _ inode: InodeID, handle: HandleID, after cookie: UInt64, withAttributes: Bool,
    _ take: (borrowing DirectoryEntry) -> Bool
  ) throws(Errno) {
    let entries = try answer(withAttributes ? "readdirplus" : "readdir") { state throws(Errno) in
      let node = try state.node(inode)
      let start = node.listing.firstIndex { $0.cookie > cookie } ?? node.listing.count
      // More than fits a request is not needed.
      return try node.listing[start...].prefix(2000).map { item throws(Errno) in
        let child = try state.node(node.children[item.name]!)
        return DirectoryEntry(
          name: item.name, inode: child.attributes.inode, kind: child.attributes.kind, cookie: item.cookie,
          entry: withAttributes ? Entry(child.attributes, attributeTimeout: timeout, nameTimeout: timeout) : nil)
      }
    }.value()
    for entry in entries {
      guard take(entry) else { return }
      if withAttributes { state.withLock { $0.nodes[entry.inode]?.lookups += 1 } }
    }
  }

  func releasedir(_ inode: InodeID, handle: HandleID) { state.withLock { $0.close(handle) } }

  func statfs() -> FileSystemStatistics {
    FileSystemStatistics(blockSize: 4096, blocks: 1000, freeBlocks: 500, files: 100, freeFiles: 50)
  }

  func poll(_ inode: InodeID, handle: HandleID) -> PollEvents {
    state.withLock { state in
      guard let node = state.nodes[inode], node.isStream, node.bytes.isEmpty else { return [.readable, .writable] }
      return [.writable]
    }
  }
}
