import Glibc

/// The terminal that a command in the foreground was started in.
///
/// SIGHUP asks a daemon to look at everything anew, and tells a command in the foreground that its terminal went away.
struct ControllingTerminal {
  private let wasThere = isatty(STDIN_FILENO) == 1

  /// Whether standard input was a terminal at first and is none any more: every call on it then gives EIO (tty_ioctl(4)).
  var isGone: Bool { wasThere && isatty(STDIN_FILENO) == 0 }
}
