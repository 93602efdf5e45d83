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
  guard let name = Name(name) else { return Reply<CreateShape>(request).fail(.illegalByteSequence) }
  let flags = OpenFlags(bits: info.pointee.flags)
  let outcome = adapter.fileSystem.create(
    name, in: InodeID(rawValue: parent), permissions: UInt16(mode & 0o7777), flags: flags, caller: Caller(of: request))
  adapter.answer(request, as: CreateShape.self, outcome.withFlushIfWritable(flags)) { created in
    adapter.releaseUnseen(created.entry.attributes.inode, created.open.handle)
    adapter.fileSystem.forget(created.entry.attributes.inode, count: 1)
  }
}

func onOpen(_ request: fuse_req_t?, _ inode: fuse_ino_t, _ info: UnsafeMutablePointer<fuse_file_info>?) {
  guard let request, let info = info.required(by: request) else { return }
  let adapter = Adapter.serving(request)
  let inode = InodeID(rawValue: inode)
  let flags = OpenFlags(bits: info.pointee.flags)
  let outcome = adapter.fileSystem.open(inode, flags: flags, caller: Caller(of: request))
  adapter.answer(request, as: OpenShape.self, outcome.withFlushIfWritable(flags)) { opened in
    adapter.releaseUnseen(inode, opened.handle)
  }
}

func onRead(
  _ request: fuse_req_t?, _ inode: fuse_ino_t, _ size: Int, _ offset: off_t,
  _ info: UnsafeMutablePointer<fuse_file_info>?
) {
  guard let request, let info = info.required(by: request) else { return }
  let adapter = Adapter.serving(request)
  adapter.answer(
    request, as: DataShape.self,
    adapter.fileSystem.read(
      InodeID(rawValue: inode), handle: info.handle, offset: Int64(offset), count: size,
      flags: OpenFlags(bits: info.pointee.flags)))
}

func onWrite(
  _ request: fuse_req_t?, _ inode: fuse_ino_t, _ data: UnsafePointer<CChar>?, _ size: Int, _ offset: off_t,
  _ info: UnsafeMutablePointer<fuse_file_info>?
) {
  guard let request, let info = info.required(by: request) else { return }
  let adapter = Adapter.serving(request)
  // The offset of an append is where the kernel believes the end to be.
  let isAppend = OpenFlags(bits: info.pointee.flags).contains(.append) && info.pointee.writepage == 0
  let outcome = adapter.fileSystem.write(
    InodeID(rawValue: inode), handle: info.handle, offset: isAppend ? nil : Int64(offset),
    bytes: UnsafeRawBufferPointer(start: data, count: size).bytes, caller: Caller(of: request))
  adapter.answer(request, as: WriteShape.self, outcome)
}

func onFlush(_ request: fuse_req_t?, _ inode: fuse_ino_t, _ info: UnsafeMutablePointer<fuse_file_info>?) {
  guard let request, let info = info.required(by: request) else { return }
  let adapter = Adapter.serving(request)
  adapter.answer(
    request, as: EmptyShape.self,
    adapter.fileSystem.flush(InodeID(rawValue: inode), handle: info.handle, caller: Caller(of: request)))
}

func onRelease(_ request: fuse_req_t?, _ inode: fuse_ino_t, _ info: UnsafeMutablePointer<fuse_file_info>?) {
  guard let request, let info = info.required(by: request) else { return }
  let adapter = Adapter.serving(request)
  adapter.pollHandles.close(info.handle)
  adapter.answer(
    request, as: EmptyShape.self, adapter.fileSystem.release(InodeID(rawValue: inode), handle: info.handle))
}

func onFsync(
  _ request: fuse_req_t?, _ inode: fuse_ino_t, _ dataOnly: Int32, _ info: UnsafeMutablePointer<fuse_file_info>?
) {
  guard let request, let info = info.required(by: request) else { return }
  let adapter = Adapter.serving(request)
  adapter.answer(
    request, as: EmptyShape.self,
    adapter.fileSystem.fsync(InodeID(rawValue: inode), handle: info.handle, dataOnly: dataOnly != 0))
}

/// The poll handle is kept before the file system is asked, so that a wake-up in between is not lost.
func onPoll(
  _ request: fuse_req_t?, _ inode: fuse_ino_t, _ info: UnsafeMutablePointer<fuse_file_info>?, _ waiter: OpaquePointer?
) {
  guard let request, let info = info.required(by: request) else { return }
  let adapter = Adapter.serving(request)
  if let waiter { adapter.pollHandles.keep(PollHandle(waiter), for: info.handle) }
  let events = adapter.fileSystem.poll(InodeID(rawValue: inode), handle: info.handle)
  adapter.answer(request, as: PollShape.self, .ready(events))
}

extension OpenReply {
  /// Without FLUSH the error of a write that is only known at close would reach nobody.
  fileprivate func withFlushIfWritable(_ flags: OpenFlags) -> OpenReply {
    guard flags.contains(.write) else { return self }
    return OpenReply(handle: handle, options: options.subtracting(.noFlush))
  }
}

extension Outcome<OpenReply> {
  fileprivate func withFlushIfWritable(_ flags: OpenFlags) -> Self { map { $0.withFlushIfWritable(flags) } }
}

extension Outcome<CreateReply> {
  fileprivate func withFlushIfWritable(_ flags: OpenFlags) -> Self {
    map { CreateReply(entry: $0.entry, open: $0.open.withFlushIfWritable(flags)) }
  }
}
