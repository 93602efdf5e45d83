/// Which server a command talks to.
enum ServerChoice: Hashable, Sendable {
  /// The server of this machine, started on demand.
  case local
  case url(String)

  /// Takes the flag, then `BERAY_URL`, then `config.json`. The local server is the default.
  init(flag: String?, environment: [String: String], configuration: UserConfiguration) {
    let given = [flag, environment["BERAY_URL"], configuration.url].compactMap(\.self).first { !$0.isEmpty }
    self = given.map { Self.isLocal($0) ? .local : .url($0) } ?? .local
  }

  /// Whether `text` means the local server: `local`, or `none`, which fstab(5) uses if there is no device.
  private static func isLocal(_ text: String) -> Bool { text == "local" || text == "none" }

  /// Whether `text`, the first of two operands, names a server, as in `mount -t fuse.beray-fs SERVER MOUNTPOINT`.
  static func isServer(_ text: String) -> Bool {
    isLocal(text) || text.hasPrefix("http://") || text.hasPrefix("https://") || text.hasPrefix("unix:")
  }
}
