import Glibc

/// The descriptors 0, 1 and 2.
enum StandardStreams {
  /// Opens `/dev/null` for each descriptor that is closed (`>&-`). Otherwise the next file would get its number, and
  /// messages would be written into that file.
  static func openMissing() {
    for number in STDIN_FILENO...STDERR_FILENO where fcntl(number, F_GETFD) < 0 {
      // open(2) returns the lowest free number, and all lower ones are open by now.
      _ = open("/dev/null", O_RDWR)
    }
  }
}
