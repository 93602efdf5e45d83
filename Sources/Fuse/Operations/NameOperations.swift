import CFuse
import Glibc
import SystemPackage
import VFS

// A name that is not UTF-8 cannot exist here: looking for it is ENOENT, making it is EILSEQ.

func onLookup(_ request: fuse_req_t?, _ parent: fuse_ino_t, _ name: UnsafePointer<CChar>?) {
  guard let request, let name = name.required(by: request) else { return }
  let adapter = Adapter.serving(request)
  guard let name = Name(name) else { return Reply<EntryShape>(request).fail(.noSuchFileOrDirectory) }
  // The kernel lets 1024 bytes through. It looks a name up before it makes it, so this is the one place to refuse.
  guard name.utf8.count <= Name.maximumLength else { return Reply<EntryShape>(request).fail(.fileNameTooLong) }
  adapter.answerEntry(
    request, adapter.fileSystem.lookup(name, in: InodeID(rawValue: parent), caller: Caller(of: request)))
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

/// Devices, FIFOs and sockets; a regular file comes by create.
func onMknod(
  _ request: fuse_req_t?, _ parent: fuse_ino_t, _ name: UnsafePointer<CChar>?, _ mode: mode_t, _ device: dev_t
) {
  guard let request, let name = name.required(by: request) else { return }
  let adapter = Adapter.serving(request)
  guard let name = Name(name) else { return Reply<EntryShape>(request).fail(.illegalByteSequence) }
  adapter.answerEntry(
    request, adapter.fileSystem.mknod(name, in: InodeID(rawValue: parent), caller: Caller(of: request)))
}

func onMkdir(_ request: fuse_req_t?, _ parent: fuse_ino_t, _ name: UnsafePointer<CChar>?, _ mode: mode_t) {
  guard let request, let name = name.required(by: request) else { return }
  let adapter = Adapter.serving(request)
  guard let name = Name(name) else { return Reply<EntryShape>(request).fail(.illegalByteSequence) }
  adapter.answerEntry(
    request,
    adapter.fileSystem.mkdir(
      name, in: InodeID(rawValue: parent), permissions: UInt16(mode & 0o7777), caller: Caller(of: request)))
}

func onUnlink(_ request: fuse_req_t?, _ parent: fuse_ino_t, _ name: UnsafePointer<CChar>?) {
  guard let request, let name = name.required(by: request) else { return }
  let adapter = Adapter.serving(request)
  guard let name = Name(name) else { return Reply<EmptyShape>(request).fail(.noSuchFileOrDirectory) }
  adapter.answer(
    request, as: EmptyShape.self,
    adapter.fileSystem.unlink(name, in: InodeID(rawValue: parent), caller: Caller(of: request)))
}

func onRmdir(_ request: fuse_req_t?, _ parent: fuse_ino_t, _ name: UnsafePointer<CChar>?) {
  guard let request, let name = name.required(by: request) else { return }
  let adapter = Adapter.serving(request)
  guard let name = Name(name) else { return Reply<EmptyShape>(request).fail(.noSuchFileOrDirectory) }
  adapter.answer(
    request, as: EmptyShape.self,
    adapter.fileSystem.rmdir(name, in: InodeID(rawValue: parent), caller: Caller(of: request)))
}

func onSymlink(
  _ request: fuse_req_t?, _ target: UnsafePointer<CChar>?, _ parent: fuse_ino_t, _ name: UnsafePointer<CChar>?
) {
  guard let request, let target = target.required(by: request), let name = name.required(by: request) else { return }
  let adapter = Adapter.serving(request)
  guard let name = Name(name), let target = String(validatingCString: target) else {
    return Reply<EntryShape>(request).fail(.illegalByteSequence)
  }
  adapter.answerEntry(
    request,
    adapter.fileSystem.symlink(target, at: name, in: InodeID(rawValue: parent), caller: Caller(of: request)))
}

func onRename(
  _ request: fuse_req_t?, _ parent: fuse_ino_t, _ name: UnsafePointer<CChar>?, _ newParent: fuse_ino_t,
  _ newName: UnsafePointer<CChar>?, _ flags: UInt32
) {
  guard let request, let name = name.required(by: request), let newName = newName.required(by: request) else { return }
  let adapter = Adapter.serving(request)
  guard let name = Name(name) else { return Reply<EmptyShape>(request).fail(.noSuchFileOrDirectory) }
  guard let newName = Name(newName) else { return Reply<EmptyShape>(request).fail(.illegalByteSequence) }
  adapter.answer(
    request, as: EmptyShape.self,
    adapter.fileSystem.rename(
      name, in: InodeID(rawValue: parent), to: newName, in: InodeID(rawValue: newParent),
      flags: RenameFlags(rawValue: flags), caller: Caller(of: request)))
}

func onLink(
  _ request: fuse_req_t?, _ inode: fuse_ino_t, _ newParent: fuse_ino_t, _ newName: UnsafePointer<CChar>?
) {
  guard let request, let newName = newName.required(by: request) else { return }
  let adapter = Adapter.serving(request)
  guard let newName = Name(newName) else { return Reply<EntryShape>(request).fail(.illegalByteSequence) }
  adapter.answerEntry(
    request,
    adapter.fileSystem.link(
      InodeID(rawValue: inode), at: newName, in: InodeID(rawValue: newParent), caller: Caller(of: request)))
}

extension Adapter {
  /// An entry that the kernel does not take was not looked up.
  fileprivate func answerEntry(_ request: OpaquePointer, _ outcome: Outcome<Entry>) {
    answer(request, as: EntryShape.self, outcome) { [fileSystem] entry in
      fileSystem.forget(entry.attributes.inode, count: 1)
    }
  }
}
