internal import GRDB

extension DatabaseError {
  /// Whether the database had no space to write.
  var isFullDisk: Bool {
    resultCode == .SQLITE_FULL
      || resultCode == .SQLITE_IOERR && [.SQLITE_IOERR_WRITE, .SQLITE_IOERR_SHMSIZE].contains(extendedResultCode)
  }
}
