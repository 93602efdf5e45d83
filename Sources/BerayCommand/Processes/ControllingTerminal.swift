import Glibc

/// The terminal that a command was started in, if any.
///
/// SIGHUP asks a daemon to reload, but tells a command that its terminal went away. This tells the two apart.
struct ControllingTerminal {
  private let wasThere = !Self.isMissing

  /// Whether the process began with a terminal and has lost it.
  var isGone: Bool { wasThere && Self.isMissing }

  /// A process without a controlling terminal cannot open `/dev/tty` (tty(4)).
  private static var isMissing: Bool {
    let descriptor = open("/dev/tty", O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else { return errno == ENXIO || errno == EIO || errno == ENOENT }
    close(descriptor)
    return false
  }
}
