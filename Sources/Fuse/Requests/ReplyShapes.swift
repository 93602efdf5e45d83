import CFuse
import Glibc
import VFS

/// getattr, setattr.
enum AttributeShape: ReplyShape {
  static func send(_ value: borrowing AttributeReply, to request: OpaquePointer) -> Int32 {
    var status = value.attributes.status
    return fuse_reply_attr(request, &status, value.timeout.inSeconds)
  }
}

/// lookup, mkdir, symlink, link. An accepted answer counts as one lookup.
enum EntryShape: ReplyShape {
  static func send(_ value: borrowing Entry, to request: OpaquePointer) -> Int32 {
    var parameters = value.parameters
    return fuse_reply_entry(request, &parameters)
  }
}

/// open, opendir.
enum OpenShape: ReplyShape {
  static func send(_ value: borrowing OpenReply, to request: OpaquePointer) -> Int32 {
    var info = value.fileInfo
    return fuse_reply_open(request, &info)
  }
}

/// create: an entry and its open handle.
enum CreateShape: ReplyShape {
  static func send(_ value: borrowing CreateReply, to request: OpaquePointer) -> Int32 {
    var parameters = value.entry.parameters
    var info = value.open.fileInfo
    return fuse_reply_create(request, &parameters, &info)
  }
}

/// read: the bytes are sent without copying them first.
enum DataShape: ReplyShape {
  static var endsWithAnySignal: Bool { true }

  static func send(_ value: borrowing ArraySlice<UInt8>, to request: OpaquePointer) -> Int32 {
    value.withUnsafeBytes { bytes in
      fuse_reply_buf(request, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), bytes.count)
    }
  }
}

/// write: the number of bytes written.
enum WriteShape: ReplyShape {
  static func send(_ value: borrowing Int, to request: OpaquePointer) -> Int32 {
    fuse_reply_write(request, value)
  }
}

/// Success without a value: unlink, rmdir, rename, flush, release, fsync.
enum EmptyShape: ReplyShape {
  typealias Value = Void
  static var isBrief: Bool { true }

  static func send(_ value: borrowing Void, to request: OpaquePointer) -> Int32 {
    fuse_reply_err(request, 0)
  }
}

/// readlink.
enum LinkTargetShape: ReplyShape {
  static func send(_ value: borrowing String, to request: OpaquePointer) -> Int32 {
    value.withCString { fuse_reply_readlink(request, $0) }
  }
}

/// statfs.
enum StatisticsShape: ReplyShape {
  static func send(_ value: borrowing FileSystemStatistics, to request: OpaquePointer) -> Int32 {
    var statistics = statvfs()
    statistics.f_bsize = UInt(value.blockSize)
    statistics.f_frsize = UInt(value.blockSize)
    statistics.f_blocks = UInt(value.blocks)
    statistics.f_bfree = UInt(value.freeBlocks)
    statistics.f_bavail = UInt(value.freeBlocks)
    statistics.f_files = UInt(value.files)
    statistics.f_ffree = UInt(value.freeFiles)
    statistics.f_favail = UInt(value.freeFiles)
    statistics.f_namemax = UInt(value.maximumNameLength)
    return fuse_reply_statfs(request, &statistics)
  }
}

/// poll: the events for which the handle is ready, in the bits of poll(2).
enum PollShape: ReplyShape {
  static func send(_ value: borrowing PollEvents, to request: OpaquePointer) -> Int32 {
    var bits: Int32 = 0
    if value.contains(.readable) { bits |= Int32(POLLIN | 0x40 /* POLLRDNORM */) }
    if value.contains(.writable) { bits |= Int32(POLLOUT | 0x100 /* POLLWRNORM */) }
    if value.contains(.hangUp) { bits |= Int32(POLLHUP) }
    return fuse_reply_poll(request, UInt32(bits))
  }
}
