import CFuse
import Glibc
import VFS

func onGetattr(_ request: fuse_req_t?, _ inode: fuse_ino_t, _ info: UnsafeMutablePointer<fuse_file_info>?) {
  guard let request else { return }
  let adapter = Adapter.serving(request)
  adapter.answer(
    request, as: AttributeShape.self, adapter.fileSystem.getattr(InodeID(rawValue: inode), handle: info?.handle))
}

func onSetattr(
  _ request: fuse_req_t?, _ inode: fuse_ino_t, _ values: UnsafeMutablePointer<stat>?, _ mask: Int32,
  _ info: UnsafeMutablePointer<fuse_file_info>?
) {
  guard let request, let values else { return }
  let adapter = Adapter.serving(request)
  adapter.answer(
    request, as: AttributeShape.self,
    adapter.fileSystem.setattr(
      InodeID(rawValue: inode), AttributeChanges(values.pointee, mask: mask), handle: info?.handle,
      caller: Caller(of: request)))
}

func onReadlink(_ request: fuse_req_t?, _ inode: fuse_ino_t) {
  guard let request else { return }
  let adapter = Adapter.serving(request)
  adapter.answer(request, as: LinkTargetShape.self, adapter.fileSystem.readlink(InodeID(rawValue: inode)))
}

func onStatfs(_ request: fuse_req_t?, _ inode: fuse_ino_t) {
  guard let request else { return }
  let adapter = Adapter.serving(request)
  adapter.answer(request, as: StatisticsShape.self, .ready(adapter.fileSystem.statfs()))
}

extension UnsafeMutablePointer<fuse_file_info> {
  /// What open gave out.
  var handle: HandleID { HandleID(rawValue: pointee.fh) }
}
