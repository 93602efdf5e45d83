import CFuse
import Glibc
import VFS

extension Timestamp {
  var specification: timespec { timespec(tv_sec: Int(seconds), tv_nsec: Int(nanoseconds)) }

  init(_ specification: timespec) {
    self.init(seconds: Int64(specification.tv_sec), nanoseconds: Int32(specification.tv_nsec))
  }
}

extension Duration {
  /// The duration in seconds, as libfuse expects timeouts.
  var inSeconds: Double {
    let (seconds, attoseconds) = components
    return Double(seconds) + Double(attoseconds) * 1e-18
  }
}

extension FileKind {
  /// The corresponding C constants are `S_IFREG`, `S_IFDIR` and `S_IFLNK`.
  var modeBits: UInt32 {
    switch self {
    case .regular: 0o100000
    case .directory: 0o040000
    case .symbolicLink: 0o120000
    }
  }
}

extension Attributes {
  var status: stat {
    var status = stat()
    status.st_ino = UInt(inode.rawValue)
    status.st_mode = kind.modeBits | UInt32(permissions & 0o7777)
    status.st_nlink = UInt(linkCount)
    status.st_uid = user
    status.st_gid = group
    status.st_size = Int(size)
    status.st_blksize = 4096
    status.st_blocks = Int(size / 512 + (size % 512 == 0 ? 0 : 1))
    status.st_atim = accessed.specification
    status.st_mtim = modified.specification
    status.st_ctim = changed.specification
    return status
  }
}

extension Entry {
  /// The generation is always 0. It only matters for NFS exports, and the mount is not exported.
  var parameters: fuse_entry_param {
    var parameters = fuse_entry_param()
    parameters.ino = attributes.inode.rawValue
    parameters.attr = attributes.status
    parameters.attr_timeout = attributeTimeout.inSeconds
    parameters.entry_timeout = nameTimeout.inSeconds
    return parameters
  }
}

extension OpenReply {
  var fileInfo: fuse_file_info {
    var info = fuse_file_info()
    info.fh = handle.rawValue
    info.direct_io = options.contains(.directIO) ? 1 : 0
    info.keep_cache = options.contains(.keepCache) ? 1 : 0
    info.noflush = options.contains(.noFlush) ? 1 : 0
    info.nonseekable = options.contains(.nonSeekable) ? 1 : 0
    info.cache_readdir = options.contains(.cacheDirectory) ? 1 : 0
    return info
  }
}

extension OpenFlags {
  /// Converts the flags of open(2).
  init(bits: Int32) {
    self = []
    switch bits & O_ACCMODE {
    case O_WRONLY: insert(.write)
    case O_RDWR: formUnion([.read, .write])
    default: insert(.read)
    }
    if bits & O_APPEND != 0 { insert(.append) }
    if bits & O_TRUNC != 0 { insert(.truncate) }
    if bits & O_EXCL != 0 { insert(.exclusive) }
    if bits & O_NONBLOCK != 0 { insert(.nonBlocking) }
  }
}

extension AttributeChanges {
  /// Converts a setattr request with its `to_set` mask. Attributes without a meaning here (ctime, set-user-ID bits) are
  /// left out.
  init(_ values: stat, mask: Int32) {
    func isSet(_ bit: Int32) -> Bool { mask & bit != 0 }
    func time(_ value: timespec, set: Int32, now: Int32) -> Time? {
      if isSet(now) { return .now }
      return isSet(set) ? .at(Timestamp(value)) : nil
    }
    self.init(
      permissions: isSet(FUSE_SET_ATTR_MODE) ? UInt16(values.st_mode & 0o7777) : nil,
      user: isSet(FUSE_SET_ATTR_UID) ? values.st_uid : nil,
      group: isSet(FUSE_SET_ATTR_GID) ? values.st_gid : nil,
      size: isSet(FUSE_SET_ATTR_SIZE) ? Int64(values.st_size) : nil,
      accessed: time(values.st_atim, set: FUSE_SET_ATTR_ATIME, now: FUSE_SET_ATTR_ATIME_NOW),
      modified: time(values.st_mtim, set: FUSE_SET_ATTR_MTIME, now: FUSE_SET_ATTR_MTIME_NOW))
  }
}

extension Caller {
  init(of request: OpaquePointer) {
    let context = fuse_req_ctx(request)!.pointee
    self.init(user: context.uid, group: context.gid, process: ProcessID(rawValue: context.pid))
  }
}

extension Name {
  /// The name at `bytes`, or nil if it is not UTF-8.
  init?(_ bytes: UnsafePointer<CChar>) {
    guard let string = String(validatingCString: bytes) else { return nil }
    self.init(string)
  }
}

extension UnsafeMutablePointer<fuse_file_info> {
  /// The handle that open returned.
  var handle: HandleID { HandleID(rawValue: pointee.fh) }
}
