/// Identifies a file or directory within one file system: FUSE's node id, which programs see as `st_ino`.
package struct InodeID: RawRepresentable, Hashable, Comparable, Sendable {
  package let rawValue: UInt64
  package init(rawValue: UInt64) { self.rawValue = rawValue }

  /// The root directory. The corresponding C constant is `FUSE_ROOT_ID`.
  package static let root = InodeID(rawValue: 1)

  package static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
}

/// Identifies an open file or directory. The kernel passes it back as `fuse_file_info.fh`.
package struct HandleID: RawRepresentable, Hashable, Sendable {
  package let rawValue: UInt64
  package init(rawValue: UInt64) { self.rawValue = rawValue }
}

/// The kernel's id of a process or a thread. 0 if the kernel does not say (RELEASE, readahead).
package struct ProcessID: RawRepresentable, Hashable, Sendable {
  package let rawValue: Int32
  package init(rawValue: Int32) { self.rawValue = rawValue }
}

/// The caller of an operation: the `fuse_ctx` of a request.
package struct Caller: Hashable, Sendable {
  package var user: UInt32
  package var group: UInt32
  /// The calling thread, not its thread group (`fuse_ctx.pid` is a thread's id).
  package var process: ProcessID

  package init(user: UInt32, group: UInt32, process: ProcessID) {
    self.user = user
    self.group = group
    self.process = process
  }
}
