import BerayAPI
import LinuxSystem
import SystemPackage

/// The tokens from `login` and `register`, one for each server, in `credentials.json`.
struct CredentialStore: Sendable {
  struct Entry: Hashable, Sendable {
    var email: String?
    var token: String
  }

  let path: FilePath

  /// - Throws: ``CommandError`` if others can read the file, or it is broken.
  func entry(for server: String) throws(CommandError) -> Entry? {
    guard let value = try members().last(where: { $0.name == server })?.value else { return nil }
    return value["token"]?.stringValue.map { Entry(email: value["email"]?.stringValue, token: $0) }
  }

  /// Stores `entry` for `server`, replacing an earlier one. Nil removes it.
  func keep(_ entry: Entry?, for server: String) throws(CommandError) {
    let directory = path.removingLastComponent()
    try PrivateDirectory.makeClosed(directory)
    // Without the lock, two simultaneous logins could lose one of the tokens.
    try FileLock.holding(directory) { () throws(CommandError) in
      var members = try members().filter { $0.name != server }
      if let entry {
        var fields: [JSON.Member] = [.init("token", .string(entry.token))]
        if let email = entry.email { fields.insert(.init("email", .string(email)), at: 0) }
        members.append(.init(server, .object(fields)))
      }
      try PrivateFile.replace(path, with: Array((JSON.object(members).serialized(pretty: true) + "\n").utf8))
    }
  }

  private func members() throws(CommandError) -> [JSON.Member] {
    guard let bytes = try PrivateFile.read(path) else { return [] }
    guard let json = try? JSON(parsing: bytes), case .object(let members) = json else {
      throw CommandError("\(path) is broken", advice: "remove it, then run 'beray-fs login' again")
    }
    return members
  }
}
