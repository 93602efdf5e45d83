import CFuse
import Glibc
import SystemPackage
import VFS

func onGetattr(_ request: fuse_req_t?, _ inode: fuse_ino_t, _ info: UnsafeMutablePointer<fuse_file_info>?) {
  guard let request else { return }
  let adapter = Adapter.serving(request)
  adapter.answer(request, as: AttributeShape.self) {
    $0.getattr(InodeID(rawValue: inode), handle: info?.handle, caller: Caller(of: request))
  }
}

func onSetattr(
  _ request: fuse_req_t?, _ inode: fuse_ino_t, _ values: UnsafeMutablePointer<stat>?, _ mask: Int32,
  _ info: UnsafeMutablePointer<fuse_file_info>?
) {
  guard let request, let values = values.required(by: request) else { return }
  let adapter = Adapter.serving(request)
  let inode = InodeID(rawValue: inode)
  adapter.answer(request, as: AttributeShape.self, holding: .directory(inode)) {
    $0.setattr(
      inode, AttributeChanges(values.pointee, mask: mask), handle: info?.handle, caller: Caller(of: request))
  }
}

/// access(2) and chdir(2). Without this operation the kernel treats every file as executable.
func onAccess(_ request: fuse_req_t?, _ inode: fuse_ino_t, _ mask: Int32) {
  guard let request else { return }
  let adapter = Adapter.serving(request)
  let caller = Caller(of: request)
  adapter.answer(request, as: EmptyShape.self) {
    $0.getattr(InodeID(rawValue: inode), handle: nil).map { reply throws(Errno) in
      guard reply.attributes.allows(UInt16(mask & 0o7), to: caller) else { throw .permissionDenied }
    }
  }
}

extension Attributes {
  /// Whether the permission bits grant `caller` the access in `mask`, in the bits of access(2). Root may do anything
  /// except execute a file without any execute bit.
  fileprivate func allows(_ mask: UInt16, to caller: Caller) -> Bool {
    if caller.user == 0 { return kind == .directory || mask & 0o1 == 0 || permissions & 0o111 != 0 }
    let shift: UInt16 = caller.user == user ? 6 : caller.group == group ? 3 : 0
    return (permissions >> shift) & mask == mask
  }
}

func onReadlink(_ request: fuse_req_t?, _ inode: fuse_ino_t) {
  guard let request else { return }
  let adapter = Adapter.serving(request)
  adapter.answer(request, as: LinkTargetShape.self) { $0.readlink(InodeID(rawValue: inode)) }
}

func onStatfs(_ request: fuse_req_t?, _ inode: fuse_ino_t) {
  guard let request else { return }
  let adapter = Adapter.serving(request)
  adapter.answer(request, as: StatisticsShape.self) { fileSystem in
    var statistics = fileSystem.statfs()
    statistics.maximumNameLength = UInt64(fileSystem.maximumNameLength(in: InodeID(rawValue: inode)))
    return .ready(statistics)
  }
}
