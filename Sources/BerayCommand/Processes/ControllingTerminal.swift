import Glibc

/// The terminal that a command was started in, if any.
///
/// SIGHUP asks a daemon to look at everything anew, and tells a command that its terminal went away.
struct ControllingTerminal {
  private let wasThere = !Self.isMissing

  /// Whether there was one at first and is none any more.
  var isGone: Bool { wasThere && Self.isMissing }

  /// A process without a controlling terminal cannot open its name (tty(4)).
  private static var isMissing: Bool {
    let descriptor = open("/dev/tty", O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else { return errno == ENXIO || errno == EIO || errno == ENOENT }
    close(descriptor)
    return false
  }
}
