/// Identifies a file or directory within one file system: FUSE's node id, which programs see as `st_ino`.
public struct InodeID: RawRepresentable, Hashable, Comparable, Sendable {
  public let rawValue: UInt64
  public init(rawValue: UInt64) { self.rawValue = rawValue }

  /// The root directory. The corresponding C constant is `FUSE_ROOT_ID`.
  public static let root = InodeID(rawValue: 1)

  public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
}

/// Identifies an open file or directory. The kernel passes it back as `fuse_file_info.fh`.
public struct HandleID: RawRepresentable, Hashable, Sendable {
  public let rawValue: UInt64
  public init(rawValue: UInt64) { self.rawValue = rawValue }
}

/// The kernel's id of a process or a thread. 0 if the kernel does not say (RELEASE, readahead).
public struct ProcessID: RawRepresentable, Hashable, Sendable {
  public let rawValue: Int32
  public init(rawValue: Int32) { self.rawValue = rawValue }
}

/// The caller of an operation: the `fuse_ctx` of a request.
public struct Caller: Hashable, Sendable {
  public var user: UInt32
  public var group: UInt32
  /// The calling thread, not its thread group (`fuse_ctx.pid` is a thread's id).
  public var process: ProcessID

  public init(user: UInt32, group: UInt32, process: ProcessID) {
    self.user = user
    self.group = group
    self.process = process
  }
}
