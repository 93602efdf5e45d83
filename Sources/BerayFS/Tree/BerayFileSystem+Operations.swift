import Beray
import Logging
package import SystemPackage
package import VFS

/// Hands each request of the kernel to its node or handle.
extension BerayFileSystem: FileSystem {
  package var executor: (any TaskExecutor)? { context.service.executor }

  package func start(notifier: any Notifier) { context.notifier = notifier }

  package func interruptAll() { registry.interruptAll() }

  package func lookup(_ name: Name, in directory: InodeID, caller: Caller) -> Outcome<Entry> {
    // The kernel looks a name up before it makes it, so long ones are refused here first. A goal may be as long as the
    // kernel accepts.
    let limit = directory == .root ? RootDirectory.maximumNameLength : Name.maximumLength
    guard name.utf8.count <= limit else {
      let path = directory == .root ? "" : context.inodes[directory].map { $0.path + "/" } ?? ""
      return .failed(
        context.refuse(
          "lookup", path + name.string.prefix(40) + "…", .fileNameTooLong, "a name here has at most \(limit) bytes",
          advice: directory == .root ? "write such a goal to 'new'" : "use a shorter name"))
    }
    return inDirectory(directory) { $0.lookup(name, caller: caller).then { self.entry($0) } }
  }

  package func forget(_ inode: InodeID, count: UInt64) { context.inodes.forget(inode, count: count) }

  package func getattr(_ inode: InodeID, handle: HandleID?) -> Outcome<AttributeReply> {
    withNode(inode) { $0.getattr(handle.flatMap(handles.file)) }
  }

  package func getattr(_ inode: InodeID, handle: HandleID?, caller: Caller) -> Outcome<AttributeReply> {
    withNode(inode) { ($0 as? NewFile)?.getattr(for: caller) ?? $0.getattr(handle.flatMap(handles.file)) }
  }

  package func setattr(
    _ inode: InodeID, _ changes: AttributeChanges, handle: HandleID?, caller: Caller
  ) -> Outcome<AttributeReply> {
    withNode(inode) { $0.setattr(changes, file: handle.flatMap(handles.file), caller: caller) }
  }

  package func readlink(_ inode: InodeID) -> Outcome<String> { withNode(inode) { $0.readlink() } }

  package func mkdir(_ name: Name, in directory: InodeID, permissions: UInt16, caller: Caller) -> Outcome<Entry> {
    inDirectory(directory) { $0.mkdir(name, permissions: permissions, caller: caller).then { self.entry($0) } }
  }

  package func rmdir(_ name: Name, in directory: InodeID, caller: Caller) -> Outcome<Void> {
    inDirectory(directory) { outcome(ofRemovingWithTask: $0, name, caller) ?? $0.rmdir(name, caller: caller) }
  }

  package func unlink(_ name: Name, in directory: InodeID, caller: Caller) -> Outcome<Void> {
    inDirectory(directory) { outcome(ofRemovingWithTask: $0, name, caller) ?? $0.unlink(name, caller: caller) }
  }

  /// The answer for a program that removes what is in `files/` on its way to remove the whole task.
  private func outcome(ofRemovingWithTask directory: any DirectoryNode, _ name: Name, _ caller: Caller) -> Outcome<
    Void
  >? {
    guard let work = directory as? WorkDirectory, context.removals.covers(work.tree.task, caller) else { return nil }
    if context.options.rmDeletes { return .done }
    return .failed(
      context.refuse(
        "unlink", "\(work.path)/\(name)", .notPermitted, "the task itself stays, so its files stay with it",
        advice: "delete a task with rmdir; to empty its files, name what is in files/"))
  }

  package func rename(
    _ name: Name, in directory: InodeID, to newName: Name, in newDirectory: InodeID, flags: RenameFlags,
    caller: Caller
  ) -> Outcome<Void> {
    inDirectory(directory) { source in
      inDirectory(newDirectory) { source.rename(name, to: newName, in: $0, flags: flags, caller: caller) }
    }
  }

  package func create(
    _ name: Name, in directory: InodeID, permissions: UInt16, flags: OpenFlags, caller: Caller
  ) -> Outcome<CreateReply> {
    inDirectory(directory) { directory in
      directory.create(name, permissions: permissions, flags: flags, caller: caller).then { created in
        self.entry(created.found)
          .map { CreateReply(entry: $0, open: self.add(created.opened)) }
          .onFailure { self.releaseUnseen(created.opened.file) }
      }
    }
  }

  /// Releases a file whose open the kernel never learned of.
  private func releaseUnseen(_ file: any OpenFile) {
    if case .pending(let work) = file.release() { Task { try? await work() } }
  }

  package func symlink(_ target: String, at name: Name, in directory: InodeID, caller: Caller) -> Outcome<Entry> {
    refuse("symlink", name, in: directory, "copy what the link would lead to")
  }

  package func link(_ inode: InodeID, at name: Name, in directory: InodeID, caller: Caller) -> Outcome<Entry> {
    refuse("link", name, in: directory, "copy what the link would lead to")
  }

  package func mknod(_ name: Name, in directory: InodeID, caller: Caller) -> Outcome<Entry> {
    refuse("mknod", name, in: directory, "make it outside the mount")
  }

  private func refuse(
    _ operation: String, _ name: Name, in directory: InodeID, _ advice: String
  ) -> Outcome<Entry> {
    // Emacs tries to make a link for each of its locks, and goes on without.
    if NamePolicy.isEmacsLock(name) { return .failed(.notPermitted) }
    return inDirectory(directory) { directory in
      .failed(
        context.refuse(
          operation, "\(directory.path)/\(name)", .notPermitted, "servers take files and directories, and nothing else",
          advice: advice))
    }
  }

  package func open(_ inode: InodeID, flags: OpenFlags, caller: Caller) -> Outcome<OpenReply> {
    withNode(inode) { $0.open(flags, caller: caller).map { self.add($0) } }
  }

  package func read(
    _ inode: InodeID, handle: HandleID, offset: Int64, count: Int, flags: OpenFlags
  ) -> Outcome<ArraySlice<UInt8>> {
    withFile(handle) { $0.read(offset: offset, count: count, flags: flags) }
  }

  package func write(
    _ inode: InodeID, handle: HandleID, offset: Int64?, bytes: RawSpan, caller: Caller
  ) -> Outcome<Int> {
    guard let file = handles.file(handle) else { return .failed(.badFileDescriptor) }
    return file.write(offset: offset, bytes: bytes, caller: caller)
  }

  package func flush(_ inode: InodeID, handle: HandleID, caller: Caller) -> Outcome<Void> {
    withFile(handle) { $0.flush(caller: caller) }
  }

  package func release(_ inode: InodeID, handle: HandleID) -> Outcome<Void> {
    guard let file = handles.removeFile(handle) else { return .failed(.badFileDescriptor) }
    return file.release()
  }

  package func fsync(_ inode: InodeID, handle: HandleID, dataOnly: Bool) -> Outcome<Void> {
    withFile(handle) { $0.fsync() }
  }

  package func opendir(_ inode: InodeID, caller: Caller) -> Outcome<OpenReply> {
    inDirectory(inode) { directory in
      if let errno = directory.refusal(ofOpeningBy: caller) { return .failed(errno) }
      return directory.freshen().map { self.handles.add(directory, $0) }
    }
  }

  package func readdir(
    _ inode: InodeID, handle: HandleID, after cookie: UInt64, withAttributes: Bool,
    _ take: (borrowing DirectoryEntry) -> Bool
  ) throws(Errno) {
    let (directory, names) = try handles.names(handle, after: cookie)
    for listed in names {
      guard let found = directory.node.entry(of: listed) else { continue }
      var entry = DirectoryEntry(
        name: listed.name, inode: listed.node.inode, kind: listed.node.kind, cookie: listed.cookie, entry: nil)
      if withAttributes, let reply = found.attributes {
        entry.entry = Entry(reply.attributes, attributeTimeout: reply.timeout, nameTimeout: found.nameTimeout)
        context.inodes.remember(listed.node)
      }
      guard take(entry) else {
        if entry.entry != nil { context.inodes.forget(listed.node.inode, count: 1) }
        return
      }
    }
  }

  package func releasedir(_ inode: InodeID, handle: HandleID) { handles.removeDirectory(handle) }

  /// Figures that no program takes for a full disk: the server tells nothing about its space.
  package func statfs() -> FileSystemStatistics {
    let blocks: UInt64 = 1 << 28
    return FileSystemStatistics(
      blockSize: 4096, blocks: blocks, freeBlocks: blocks, files: 1 << 32,
      freeFiles: 1 << 32 - UInt64(context.inodes.count))
  }

  /// A goal is a name at the root, as long as the kernel lets through (FUSE_NAME_MAX); what tools list stays shorter.
  package func maximumNameLength(in directory: InodeID) -> Int {
    directory == .root ? RootDirectory.maximumNameLength : Name.maximumLength
  }

  package func refuse(_ name: UnusableName, in directory: InodeID, operation: String) {
    let path = (context.inodes[directory] as? any DirectoryNode)?.path ?? ""
    switch name {
    case .notUTF8(let escaped):
      _ = context.refuse(
        operation, path.isEmpty ? escaped : "\(path)/\(escaped)", name.errno,
        "the name is not UTF-8, and servers accept only UTF-8",
        advice: "rename it, for example with 'convmv -t utf8'")
    case .tooLong(let count):
      let isRoot = directory == .root
      _ = context.refuse(
        operation, path, name.errno,
        "the name has \(count) bytes, and \(maximumNameLength(in: directory)) are possible here",
        advice: isRoot ? "write the goal to 'new', which takes any length" : "use a shorter name")
    }
  }

  package func poll(_ inode: InodeID, handle: HandleID) -> PollEvents {
    handles.file(handle)?.poll() ?? [.readable, .writable, .hangUp]
  }
}
