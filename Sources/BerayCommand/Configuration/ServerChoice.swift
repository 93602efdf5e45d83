/// Which server a command talks to.
enum ServerChoice: Hashable, Sendable {
  /// The server of this machine, started when it is needed.
  case local
  case url(String)

  /// The first that is given of the flag, `BERAY_URL`, and `config.json`; else the local server. `local` names it too.
  init(flag: String?, environment: [String: String], configuration: UserConfiguration) {
    let given = [flag, environment["BERAY_URL"], configuration.url].compactMap(\.self).first { !$0.isEmpty }
    self = given.map { Self.isLocal($0) ? .local : .url($0) } ?? .local
  }

  /// What fstab has in its first field if there is no device: `none`, or plainly `local`.
  private static func isLocal(_ text: String) -> Bool { text == "local" || text == "none" }

  /// Whether `text`, the first of two operands, names a server, as in `mount -t fuse.beray-fs SERVER MOUNTPOINT`.
  static func isServer(_ text: String) -> Bool {
    isLocal(text) || text.hasPrefix("http://") || text.hasPrefix("https://") || text.hasPrefix("unix:")
  }
}
