import Glibc

/// The terminal that a command was started in, if any.
///
/// SIGHUP asks a daemon to look at everything anew, and tells a command that its terminal went away.
struct ControllingTerminal {
  private let wasThere = Self.isThere

  /// Whether there was one at first and is none any more.
  var isGone: Bool { wasThere && !Self.isThere }

  /// A process without a controlling terminal cannot open its name: ENXIO (tty(4)).
  private static var isThere: Bool {
    let descriptor = open("/dev/tty", O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else { return false }
    close(descriptor)
    return true
  }
}
