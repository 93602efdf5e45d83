import Synchronization
package import SystemPackage
package import VFS

/// A ``FileSystem`` that is called as the kernel calls one which remembers nothing: every path is looked up from its
/// beginning. What the kernel checks itself, or what stands between, is checked here: that a path leads through
/// directories, and how long a name is.
package final class FileSystemWorld: PosixWorld {
  private struct OpenFile {
    var inode: InodeID
    var handle: HandleID
    var flags: OpenFlags
    var options: OpenReply.Options
  }

  private struct State {
    var files: [Int: OpenFile] = [:]
    var lastNumber = 2
    var lookups: [InodeID: UInt64] = [:]
  }

  private let fileSystem: any FileSystem
  private let caller: Caller
  private let root: [Name]
  private let state = Mutex(State())

  /// - Parameter root: the directory that paths are relative to, from the root of the file system.
  package init(_ fileSystem: any FileSystem, at root: String = "", caller: Caller) {
    self.fileSystem = fileSystem
    self.caller = caller
    self.root = root.split(separator: "/").map { Name(String($0)) }
  }

  /// Gives back every lookup, as an unmount does. What is still open is the fact's fault.
  package func finish() throws {
    let (open, lookups) = state.withLock { ($0.files.count, $0.lookups) }
    guard open == 0 else { throw FactFailure(description: "\(open) descriptors are still open") }
    for (inode, count) in lookups { fileSystem.forget(inode, count: count) }
    state.withLock { $0.lookups = [:] }
  }

  // MARK: - Names

  private func count(_ entry: Entry) { state.withLock { $0.lookups[entry.attributes.inode, default: 0] += 1 } }

  private func lookup(_ name: Name, in directory: InodeID) async throws(Errno) -> Attributes {
    guard name.utf8.count <= Name.maximumLength else { throw .fileNameTooLong }
    let entry = try await fileSystem.lookup(name, in: directory, caller: caller).get()
    count(entry)
    return entry.attributes
  }

  private func walk(_ names: some Sequence<Name>) async throws(Errno) -> Attributes {
    var attributes = try await fileSystem.getattr(.root, handle: nil).get().attributes
    for name in names {
      guard attributes.kind == .directory else { throw .notDirectory }
      attributes = try await lookup(name, in: attributes.inode)
    }
    return attributes
  }

  private func components(of path: String) -> [Name] { root + path.split(separator: "/").map { Name(String($0)) } }
  private func find(_ path: String) async throws(Errno) -> Attributes { try await walk(components(of: path)) }

  /// The directory and the last name, and what is there.
  private func place(_ path: String) async throws(Errno) -> (parent: InodeID, name: Name, found: Attributes?) {
    let components = components(of: path)
    guard let name = components.last else { throw .invalidArgument }
    let parent = try await walk(components.dropLast())
    guard parent.kind == .directory else { throw .notDirectory }
    do throws(Errno) {
      return (parent.inode, name, try await lookup(name, in: parent.inode))
    } catch {
      guard error == .noSuchFileOrDirectory else { throw error }
      return (parent.inode, name, nil)
    }
  }

  // MARK: - Open files

  package func open(
    _ path: String, _ flags: OpenFlags, creating permissions: UInt16?
  ) async throws(Errno) -> Descriptor {
    let reply: OpenReply
    let inode: InodeID
    if let permissions {
      let (parent, name, found) = try await place(path)
      if let found {
        guard !flags.contains(.exclusive) else { throw .fileExists }
        guard found.kind == .regular else { throw .isDirectory }
        inode = found.inode
        reply = try await fileSystem.open(inode, flags: flags, caller: caller).get()
      } else {
        let created = try await fileSystem.create(
          name, in: parent, permissions: permissions, flags: flags, caller: caller
        ).get()
        count(created.entry)
        inode = created.entry.attributes.inode
        reply = created.open
      }
    } else {
      let found = try await find(path)
      guard found.kind == .regular else { throw .isDirectory }
      inode = found.inode
      reply = try await fileSystem.open(inode, flags: flags, caller: caller).get()
    }
    return state.withLock { state in
      state.lastNumber += 1
      state.files[state.lastNumber] = OpenFile(
        inode: inode, handle: reply.handle, flags: flags, options: reply.options)
      return Descriptor(number: state.lastNumber)
    }
  }

  private func file(_ descriptor: Descriptor, for flag: OpenFlags = []) throws(Errno) -> OpenFile {
    guard let file = state.withLock({ $0.files[descriptor.number] }), file.flags.isSuperset(of: flag) else {
      throw .badFileDescriptor
    }
    return file
  }

  package func close(_ descriptor: Descriptor) async throws(Errno) {
    guard let file = state.withLock({ $0.files.removeValue(forKey: descriptor.number) }) else {
      throw .badFileDescriptor
    }
    var result = Result<Void, Errno>.success(())
    if !file.options.contains(.noFlush) {
      do throws(Errno) {
        try await fileSystem.flush(file.inode, handle: file.handle, caller: caller).get()
      } catch {
        result = .failure(error)
      }
    }
    // Its error reaches nobody.
    _ = try? await fileSystem.release(file.inode, handle: file.handle).get()
    try result.get()
  }

  package func read(_ descriptor: Descriptor, at offset: Int64, count: Int) async throws(Errno) -> [UInt8] {
    let file = try file(descriptor, for: .read)
    return Array(
      try await fileSystem.read(file.inode, handle: file.handle, offset: offset, count: count, flags: file.flags).get())
  }

  package func write(_ descriptor: Descriptor, _ bytes: [UInt8], at offset: Int64?) async throws(Errno) {
    let file = try file(descriptor, for: .write)
    guard offset != nil || file.flags.contains(.append) else { throw .invalidArgument }
    let count = try await fileSystem.write(
      file.inode, handle: file.handle, offset: offset, bytes: bytes.span.bytes, caller: caller
    ).get()
    guard count == bytes.count else { throw .ioError }
  }

  package func fsync(_ descriptor: Descriptor) async throws(Errno) {
    let file = try file(descriptor)
    try await fileSystem.fsync(file.inode, handle: file.handle, dataOnly: false).get()
  }

  package func fstat(_ descriptor: Descriptor) async throws(Errno) -> Attributes {
    let file = try file(descriptor)
    return try await fileSystem.getattr(file.inode, handle: file.handle).get().attributes
  }

  package func ftruncate(_ descriptor: Descriptor, to size: Int64) async throws(Errno) {
    guard let file = try? file(descriptor, for: .write), size >= 0 else { throw .invalidArgument }
    _ = try await fileSystem.setattr(file.inode, .init(size: size), handle: file.handle, caller: caller).get()
  }

  // MARK: - Attributes

  package func stat(_ path: String) async throws(Errno) -> Attributes {
    let inode = try await find(path).inode
    return try await fileSystem.getattr(inode, handle: nil).get().attributes
  }

  package func truncate(_ path: String, to size: Int64) async throws(Errno) {
    guard size >= 0 else { throw .invalidArgument }
    let found = try await find(path)
    guard found.kind == .regular else { throw .isDirectory }
    _ = try await fileSystem.setattr(found.inode, .init(size: size), handle: nil, caller: caller).get()
  }

  package func chmod(_ path: String, _ permissions: UInt16) async throws(Errno) {
    try await change(path, .init(permissions: permissions))
  }

  package func setTimes(_ path: String, accessed: Timestamp?, modified: Timestamp?) async throws(Errno) {
    try await change(path, .init(accessed: accessed.map { .at($0) }, modified: modified.map { .at($0) }))
  }

  private func change(_ path: String, _ changes: AttributeChanges) async throws(Errno) {
    _ = try await fileSystem.setattr(try await find(path).inode, changes, handle: nil, caller: caller).get()
  }

  // MARK: - Changes of names

  package func mkdir(_ path: String, permissions: UInt16) async throws(Errno) {
    let (parent, name, found) = try await place(path)
    guard found == nil else { throw .fileExists }
    count(try await fileSystem.mkdir(name, in: parent, permissions: permissions, caller: caller).get())
  }

  package func rmdir(_ path: String) async throws(Errno) {
    let (parent, name, found) = try await place(path)
    guard let found else { throw .noSuchFileOrDirectory }
    guard found.kind == .directory else { throw .notDirectory }
    try await fileSystem.rmdir(name, in: parent, caller: caller).get()
  }

  package func unlink(_ path: String) async throws(Errno) {
    let (parent, name, found) = try await place(path)
    guard let found else { throw .noSuchFileOrDirectory }
    guard found.kind != .directory else { throw .isDirectory }
    try await fileSystem.unlink(name, in: parent, caller: caller).get()
  }

  package func rename(_ path: String, to newPath: String, _ flags: RenameFlags) async throws(Errno) {
    let old = try await place(path)
    let new = try await place(newPath)
    guard let source = old.found else { throw .noSuchFileOrDirectory }
    if source.kind == .directory, components(of: newPath).starts(with: components(of: path)),
      components(of: newPath) != components(of: path)
    {
      throw .invalidArgument
    }
    if let target = new.found {
      if flags.contains(.noReplace) { throw .fileExists }
      if target.inode == source.inode { return }
      if source.kind == .directory, target.kind != .directory { throw .notDirectory }
      if source.kind != .directory, target.kind == .directory { throw .isDirectory }
    }
    try await fileSystem.rename(
      old.name, in: old.parent, to: new.name, in: new.parent, flags: flags, caller: caller
    ).get()
  }

  package func list(_ path: String) async throws(Errno) -> [String] {
    let found = try await find(path)
    guard found.kind == .directory else { throw .notDirectory }
    let handle = try await fileSystem.opendir(found.inode, caller: caller).get().handle
    defer { fileSystem.releasedir(found.inode, handle: handle) }
    var names: [String] = []
    var cookie: UInt64 = 0
    while true {
      // A buffer takes a few entries, and then one does not fit.
      var left = 5
      var (last, taken) = (cookie, [] as [Entry])
      try fileSystem.readdir(found.inode, handle: handle, after: cookie, withAttributes: true) { entry in
        guard left > 0 else { return false }
        left -= 1
        last = entry.cookie
        names.append(entry.name.string)
        if let entry = entry.entry { taken.append(entry) }
        return true
      }
      for entry in taken { count(entry) }
      guard last != cookie else { return names }
      cookie = last
    }
  }
}
