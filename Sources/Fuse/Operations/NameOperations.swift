import CFuse
import Glibc
import SystemPackage
import VFS

// A name that is not UTF-8 cannot exist here: a lookup fails with ENOENT, a creation with EILSEQ.

func onLookup(_ request: fuse_req_t?, _ parent: fuse_ino_t, _ name: UnsafePointer<CChar>?) {
  guard let request, let name = name.required(by: request) else { return }
  let adapter = Adapter.serving(request)
  guard let name = Name(name) else { return Reply<EntryShape>(request).fail(.noSuchFileOrDirectory) }
  let parent = InodeID(rawValue: parent)
  // The kernel looks up a name before creating it, so checking the length here is enough.
  guard name.utf8.count <= adapter.fileSystem.maximumNameLength(in: parent) else {
    let unusable = UnusableName.tooLong(name.utf8.count)
    adapter.fileSystem.refuse(unusable, in: parent, operation: "lookup")
    return Reply<EntryShape>(request).fail(unusable.errno)
  }
  adapter.answerEntry(request, in: parent) { $0.lookup(name, in: parent, caller: Caller(of: request)) }
}

func onForget(_ request: fuse_req_t?, _ inode: fuse_ino_t, _ count: UInt64) {
  guard let request else { return }
  Adapter.serving(request).fileSystem.forget(InodeID(rawValue: inode), count: count)
  fuse_reply_none(request)
}

func onForgetMany(_ request: fuse_req_t?, _ count: Int, _ forgets: UnsafeMutablePointer<fuse_forget_data>?) {
  guard let request else { return }
  let fileSystem = Adapter.serving(request).fileSystem
  for forget in UnsafeBufferPointer(start: forgets, count: count) {
    fileSystem.forget(InodeID(rawValue: forget.ino), count: forget.nlookup)
  }
  fuse_reply_none(request)
}

/// Creates devices, FIFOs and sockets. Regular files arrive through create.
func onMknod(
  _ request: fuse_req_t?, _ parent: fuse_ino_t, _ name: UnsafePointer<CChar>?, _ mode: mode_t, _ device: dev_t
) {
  guard let request, let name = name.required(by: request) else { return }
  let adapter = Adapter.serving(request)
  let parent = InodeID(rawValue: parent)
  guard let name = adapter.newName(name, in: parent, for: "mknod") else {
    return Reply<EntryShape>(request).fail(.illegalByteSequence)
  }
  adapter.answerEntry(request, in: parent) { $0.mknod(name, in: parent, caller: Caller(of: request)) }
}

func onMkdir(_ request: fuse_req_t?, _ parent: fuse_ino_t, _ name: UnsafePointer<CChar>?, _ mode: mode_t) {
  guard let request, let name = name.required(by: request) else { return }
  let adapter = Adapter.serving(request)
  let parent = InodeID(rawValue: parent)
  guard let name = adapter.newName(name, in: parent, for: "mkdir") else {
    return Reply<EntryShape>(request).fail(.illegalByteSequence)
  }
  adapter.answerEntry(request, in: parent) {
    $0.mkdir(name, in: parent, permissions: UInt16(mode & 0o7777), caller: Caller(of: request))
  }
}

func onUnlink(_ request: fuse_req_t?, _ parent: fuse_ino_t, _ name: UnsafePointer<CChar>?) {
  guard let request, let name = name.required(by: request) else { return }
  let adapter = Adapter.serving(request)
  guard let name = Name(name) else { return Reply<EmptyShape>(request).fail(.noSuchFileOrDirectory) }
  let parent = InodeID(rawValue: parent)
  adapter.answer(request, as: EmptyShape.self, holding: .directory(parent)) {
    $0.unlink(name, in: parent, caller: Caller(of: request))
  }
}

func onRmdir(_ request: fuse_req_t?, _ parent: fuse_ino_t, _ name: UnsafePointer<CChar>?) {
  guard let request, let name = name.required(by: request) else { return }
  let adapter = Adapter.serving(request)
  guard let name = Name(name) else { return Reply<EmptyShape>(request).fail(.noSuchFileOrDirectory) }
  adapter.answer(request, as: EmptyShape.self, holding: .anyDirectory) {
    $0.rmdir(name, in: InodeID(rawValue: parent), caller: Caller(of: request))
  }
}

func onSymlink(
  _ request: fuse_req_t?, _ target: UnsafePointer<CChar>?, _ parent: fuse_ino_t, _ name: UnsafePointer<CChar>?
) {
  guard let request, let target = target.required(by: request), let name = name.required(by: request) else { return }
  let adapter = Adapter.serving(request)
  let parent = InodeID(rawValue: parent)
  guard let name = adapter.newName(name, in: parent, for: "symlink"), let target = String(validatingCString: target)
  else {
    return Reply<EntryShape>(request).fail(.illegalByteSequence)
  }
  adapter.answerEntry(request, in: parent) {
    $0.symlink(target, at: name, in: parent, caller: Caller(of: request))
  }
}

func onRename(
  _ request: fuse_req_t?, _ parent: fuse_ino_t, _ name: UnsafePointer<CChar>?, _ newParent: fuse_ino_t,
  _ newName: UnsafePointer<CChar>?, _ flags: UInt32
) {
  guard let request, let name = name.required(by: request), let newName = newName.required(by: request) else { return }
  let adapter = Adapter.serving(request)
  guard let name = Name(name) else { return Reply<EmptyShape>(request).fail(.noSuchFileOrDirectory) }
  let parent = InodeID(rawValue: parent)
  let newParent = InodeID(rawValue: newParent)
  guard let newName = adapter.newName(newName, in: newParent, for: "rename") else {
    return Reply<EmptyShape>(request).fail(.illegalByteSequence)
  }
  adapter.answer(request, as: EmptyShape.self, holding: .directories(parent, newParent)) {
    $0.rename(
      name, in: parent, to: newName, in: newParent, flags: RenameFlags(rawValue: flags), caller: Caller(of: request))
  }
}

func onLink(
  _ request: fuse_req_t?, _ inode: fuse_ino_t, _ newParent: fuse_ino_t, _ newName: UnsafePointer<CChar>?
) {
  guard let request, let newName = newName.required(by: request) else { return }
  let adapter = Adapter.serving(request)
  let newParent = InodeID(rawValue: newParent)
  guard let newName = adapter.newName(newName, in: newParent, for: "link") else {
    return Reply<EntryShape>(request).fail(.illegalByteSequence)
  }
  adapter.answerEntry(request, in: newParent) {
    $0.link(InodeID(rawValue: inode), at: newName, in: newParent, caller: Caller(of: request))
  }
}

extension Adapter {
  /// The name at `bytes` for a new entry. If it is not UTF-8, the file system is told and the result is nil.
  func newName(_ bytes: UnsafePointer<CChar>, in directory: InodeID, for operation: String) -> Name? {
    if let name = Name(bytes) { return name }
    let unusable = UnusableName(notUTF8: UnsafeRawBufferPointer(start: bytes, count: strlen(bytes)))
    fileSystem.refuse(unusable, in: directory, operation: operation)
    return nil
  }

  /// Answers with an entry. If the kernel does not accept it, the lookup count is undone.
  fileprivate func answerEntry(
    _ request: OpaquePointer, in directory: InodeID, _ operation: (any FileSystem) -> Outcome<Entry>
  ) {
    answer(
      request, as: EntryShape.self, holding: .directory(directory),
      undo: { [fileSystem] entry in fileSystem.forget(entry.attributes.inode, count: 1) }, operation)
  }
}
