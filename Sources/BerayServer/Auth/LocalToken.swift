internal import Glibc
internal import LinuxSystem
internal import SystemPackage

/// The token of the local user, whom the server creates with the data directory. The mount and the commands of the same
/// user read it from there.
package enum LocalToken {
  /// The address of the local user.
  package static let email = "local@localhost"

  /// Reads the token from a data directory.
  ///
  /// - Returns: nil if no server has used the directory yet.
  /// - Throws: ``SystemPackage/Errno`` if the file exists but this user may not read it.
  package static func read(dataDirectory: String) throws -> String? {
    let file: OwnedDescriptor
    do throws(Errno) {
      file = try OwnedDescriptor.open(path: path(in: dataDirectory), flags: O_RDONLY)
    } catch {
      if error == .noSuchFileOrDirectory { return nil }
      throw error
    }
    let text = String(decoding: try file.readAll(limit: 1024), as: UTF8.self)
    return text.split(whereSeparator: \.isWhitespace).first.map(String.init)
  }

  /// Creates the local user if there is none, and a new token if the file is missing or its token is unknown.
  /// - Returns: the hash of the token that the file holds.
  static func ensure(in dataDirectory: String, store: Store) async throws -> [UInt8] {
    var account = try await store.account(email: email)
    if account == nil { account = try await store.insertAccount(email: email, passwordHash: nil) }
    guard let account else { throw Errno.noSuchFileOrDirectory }
    if let text = try read(dataDirectory: dataDirectory) {
      let hash = AccessToken(text: text).hash
      if try await store.account(tokenHash: hash) == account { return hash }
    }
    let token = AccessToken.random()
    try await store.insertToken(hash: token.hash, of: account)
    try WholeFile.replace(FilePath(path(in: dataDirectory)), with: Array((token.text + "\n").utf8))
    return token.hash
  }

  private static func path(in dataDirectory: String) -> String { dataDirectory + "/token" }
}
