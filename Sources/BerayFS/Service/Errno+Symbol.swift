import SystemPackage

extension Errno {
  /// The name of the C constant where it is one that this file system gives, else the number.
  var symbol: String {
    switch self {
    case .permissionDenied: "EACCES"
    case .notPermitted: "EPERM"
    case .noSuchFileOrDirectory: "ENOENT"
    case .fileExists: "EEXIST"
    case .resourceBusy: "EBUSY"
    case .invalidArgument: "EINVAL"
    case .fileNameTooLong: "ENAMETOOLONG"
    case .fileTooLarge: "EFBIG"
    case .illegalByteSequence: "EILSEQ"
    case .resourceTemporarilyUnavailable: "EAGAIN"
    case .noSpace: "ENOSPC"
    case .tooManyOpenFiles: "EMFILE"
    case .tooManyOpenFilesInSystem: "ENFILE"
    case .timedOut: "ETIMEDOUT"
    case .connectionRefused: "ECONNREFUSED"
    case .noRouteToHost: "EHOSTUNREACH"
    case .interrupted: "EINTR"
    case .ioError: "EIO"
    case .directoryNotEmpty: "ENOTEMPTY"
    case .notDirectory: "ENOTDIR"
    case .isDirectory: "EISDIR"
    case .staleNFSFileHandle: "ESTALE"
    case .readOnlyFileSystem: "EROFS"
    default: "errno \(rawValue)"
    }
  }
}
