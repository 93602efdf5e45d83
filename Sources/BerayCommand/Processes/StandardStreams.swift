import Glibc

/// The descriptors 0, 1 and 2.
enum StandardStreams {
  /// Opens `/dev/null` as each that is closed (`>&-`): the next file that is opened would otherwise get its number, and what is meant for people would be written into it.
  static func openMissing() {
    for number in STDIN_FILENO...STDERR_FILENO where fcntl(number, F_GETFD) < 0 {
      // open(2) gives the lowest free number, and all below are open by now.
      _ = open("/dev/null", O_RDWR)
    }
  }
}
