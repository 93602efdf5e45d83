import CFuse
import Glibc
import SystemPackage
import VFS

func onCreate(
  _ request: fuse_req_t?, _ parent: fuse_ino_t, _ name: UnsafePointer<CChar>?, _ mode: mode_t,
  _ info: UnsafeMutablePointer<fuse_file_info>?
) {
  guard let request, let name = name.required(by: request), let info = info.required(by: request) else { return }
  let adapter = Adapter.serving(request)
  let parent = InodeID(rawValue: parent)
  guard let name = adapter.newName(name, in: parent, for: "create") else {
    return Reply<CreateShape>(request).fail(.illegalByteSequence)
  }
  let flags = OpenFlags(bits: info.pointee.flags)
  adapter.answer(
    request, as: CreateShape.self, holding: .directory(parent),
    undo: { created in
      adapter.releaseUnseen(created.entry.attributes.inode, created.open.handle)
      adapter.fileSystem.forget(created.entry.attributes.inode, count: 1)
    },
    { fileSystem in
      fileSystem.create(
        name, in: parent, permissions: UInt16(mode & 0o7777), flags: flags, caller: Caller(of: request)
      ).map { adapter.opened($0, flags) }
    })
}

func onOpen(_ request: fuse_req_t?, _ inode: fuse_ino_t, _ info: UnsafeMutablePointer<fuse_file_info>?) {
  guard let request, let info = info.required(by: request) else { return }
  let adapter = Adapter.serving(request)
  let inode = InodeID(rawValue: inode)
  let flags = OpenFlags(bits: info.pointee.flags)
  adapter.answer(
    request, as: OpenShape.self, undo: { adapter.releaseUnseen(inode, $0.handle) },
    { $0.open(inode, flags: flags, caller: Caller(of: request)).map { adapter.opened($0, flags) } })
}

func onRead(
  _ request: fuse_req_t?, _ inode: fuse_ino_t, _ size: Int, _ offset: off_t,
  _ info: UnsafeMutablePointer<fuse_file_info>?
) {
  guard let request, let info = info.required(by: request) else { return }
  let adapter = Adapter.serving(request)
  let inode = InodeID(rawValue: inode)
  let handle = info.handle
  adapter.answer(request, as: DataShape.self, holding: adapter.pages(of: inode, handle)) {
    $0.read(
      inode, handle: handle, offset: Int64(offset), count: size, flags: OpenFlags(bits: info.pointee.flags))
  }
}

func onWrite(
  _ request: fuse_req_t?, _ inode: fuse_ino_t, _ data: UnsafePointer<CChar>?, _ size: Int, _ offset: off_t,
  _ info: UnsafeMutablePointer<fuse_file_info>?
) {
  guard let request, let info = info.required(by: request) else { return }
  let adapter = Adapter.serving(request)
  // For an append, the kernel sends its own idea of the file's end as the offset.
  let isAppend = OpenFlags(bits: info.pointee.flags).contains(.append) && info.pointee.writepage == 0
  let inode = InodeID(rawValue: inode)
  let handle = info.handle
  adapter.answer(request, as: WriteShape.self, holding: adapter.pages(of: inode, handle)) {
    $0.write(
      inode, handle: handle, offset: isAppend ? nil : Int64(offset),
      bytes: UnsafeRawBufferPointer(start: data, count: size).bytes, caller: Caller(of: request))
  }
}

func onFlush(_ request: fuse_req_t?, _ inode: fuse_ino_t, _ info: UnsafeMutablePointer<fuse_file_info>?) {
  guard let request, let info = info.required(by: request) else { return }
  let adapter = Adapter.serving(request)
  adapter.answer(request, as: EmptyShape.self) {
    $0.flush(InodeID(rawValue: inode), handle: info.handle, caller: Caller(of: request))
  }
}

func onRelease(_ request: fuse_req_t?, _ inode: fuse_ino_t, _ info: UnsafeMutablePointer<fuse_file_info>?) {
  guard let request, let info = info.required(by: request) else { return }
  let adapter = Adapter.serving(request)
  adapter.pollHandles.close(info.handle)
  adapter.directHandles.close(info.handle)
  adapter.answer(request, as: EmptyShape.self) { $0.release(InodeID(rawValue: inode), handle: info.handle) }
}

func onFsync(
  _ request: fuse_req_t?, _ inode: fuse_ino_t, _ dataOnly: Int32, _ info: UnsafeMutablePointer<fuse_file_info>?
) {
  guard let request, let info = info.required(by: request) else { return }
  let adapter = Adapter.serving(request)
  adapter.answer(request, as: EmptyShape.self) {
    $0.fsync(InodeID(rawValue: inode), handle: info.handle, dataOnly: dataOnly != 0)
  }
}

/// Stores the poll handle before asking the file system, so that a wake-up in between is not lost.
func onPoll(
  _ request: fuse_req_t?, _ inode: fuse_ino_t, _ info: UnsafeMutablePointer<fuse_file_info>?, _ waiter: OpaquePointer?
) {
  guard let request, let info = info.required(by: request) else { return }
  let adapter = Adapter.serving(request)
  if let waiter { adapter.pollHandles.keep(PollHandle(waiter), for: info.handle) }
  adapter.answer(request, as: PollShape.self) { .ready($0.poll(InodeID(rawValue: inode), handle: info.handle)) }
}

extension OpenReply {
  /// Keeps FLUSH for writable files. Without it, a write error found only at close would reach nobody.
  fileprivate func withFlushIfWritable(_ flags: OpenFlags) -> OpenReply {
    guard flags.contains(.write) else { return self }
    return OpenReply(handle: handle, options: options.subtracting(.noFlush))
  }
}

extension Adapter {
  fileprivate func opened(_ reply: OpenReply, _ flags: OpenFlags) -> OpenReply {
    if reply.options.contains(.directIO) { directHandles.add(reply.handle) }
    return reply.withFlushIfWritable(flags)
  }

  fileprivate func opened(_ reply: CreateReply, _ flags: OpenFlags) -> CreateReply {
    CreateReply(entry: reply.entry, open: opened(reply.open, flags))
  }

  /// The pages that a read or write of `handle` locks: none if it bypasses the page cache. A read of a stream may wait
  /// for hours.
  fileprivate func pages(of inode: InodeID, _ handle: HandleID) -> KernelLock {
    directHandles.contains(handle) ? .none : .pages(inode)
  }
}
