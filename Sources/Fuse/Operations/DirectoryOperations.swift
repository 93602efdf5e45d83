import CFuse
import Glibc
import SystemPackage
import VFS

func onOpendir(_ request: fuse_req_t?, _ inode: fuse_ino_t, _ info: UnsafeMutablePointer<fuse_file_info>?) {
  guard let request else { return }
  let adapter = Adapter.serving(request)
  let inode = InodeID(rawValue: inode)
  adapter.answer(
    request, as: OpenShape.self, undo: { adapter.fileSystem.releasedir(inode, handle: $0.handle) },
    { $0.opendir(inode, caller: Caller(of: request)) })
}

func onReaddir(
  _ request: fuse_req_t?, _ inode: fuse_ino_t, _ size: Int, _ offset: off_t,
  _ info: UnsafeMutablePointer<fuse_file_info>?
) {
  guard let request, let info = info.required(by: request) else { return }
  list(request, InodeID(rawValue: inode), info.handle, size: size, offset: offset, withAttributes: false)
}

func onReaddirPlus(
  _ request: fuse_req_t?, _ inode: fuse_ino_t, _ size: Int, _ offset: off_t,
  _ info: UnsafeMutablePointer<fuse_file_info>?
) {
  guard let request, let info = info.required(by: request) else { return }
  list(request, InodeID(rawValue: inode), info.handle, size: size, offset: offset, withAttributes: true)
}

func onReleasedir(_ request: fuse_req_t?, _ inode: fuse_ino_t, _ info: UnsafeMutablePointer<fuse_file_info>?) {
  guard let request, let info = info.required(by: request) else { return }
  let adapter = Adapter.serving(request)
  adapter.answer(request, as: EmptyShape.self) { fileSystem in
    fileSystem.releasedir(InodeID(rawValue: inode), handle: info.handle)
    return .done
  }
}

/// Reports an error only if no entry was stored. Otherwise the entries are sent, and the next call meets the error
/// again.
private func list(
  _ request: OpaquePointer, _ inode: InodeID, _ handle: HandleID, size: Int, offset: off_t, withAttributes: Bool
) {
  let adapter = Adapter.serving(request)
  let fileSystem = adapter.fileSystem
  let hold = adapter.notifier.begin(.directory(inode))
  defer { adapter.notifier.end(hold) }
  var listing = DirectoryBuffer(request: request, capacity: size, withAttributes: withAttributes)
  let reply = Reply<DirectoryShape>(request)
  do throws(Errno) {
    if let cookie = listing.addDots(from: offset, of: inode) {
      try fileSystem.readdir(inode, handle: handle, after: cookie, withAttributes: withAttributes) { entry in
        listing.add(entry)
      }
    }
  } catch {
    if listing.isEmpty { return reply.fail(error) }
  }
  let arrived = reply.send(listing)
  for inode in arrived ? listing.miscounted : listing.counted + listing.miscounted {
    fileSystem.forget(inode, count: 1)
  }
}

/// Replies to readdir and readdirplus with the packed entries.
enum DirectoryShape: ReplyShape {
  static func send(_ value: borrowing DirectoryBuffer, to request: OpaquePointer) -> Int32 {
    value.send(to: request)
  }
}
