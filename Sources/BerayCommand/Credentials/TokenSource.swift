import BerayServer
import LinuxSystem
import SystemPackage

/// Where the user's token for one server is, decided once. The token itself is read each time, for `login` may bring a new one.
struct TokenSource: Sendable {
  private enum Place {
    case file(FilePath)
    /// The token itself: of a variable, or of what can be read only once, such as `<(pass show beray)`.
    case value(String)
    /// The local server's own token, in its data directory.
    case local(FilePath)
    case store
  }

  private let place: Place
  private let store: CredentialStore
  private let server: String
  /// A file with the password for one new login, and with which address.
  private let passwordFile: FilePath?
  private let emailVariable: String?

  /// - Parameters:
  ///   - tokenFile: what `--token-file` says.
  ///   - server: as the store knows it.
  ///   - localData: the data directory of the local server, where `server` is that. It takes its own token and not
  ///     `BERAY_TOKEN` or `BERAY_TOKEN_FILE`, which are set for the server that `BERAY_URL` or the configuration names.
  init(
    tokenFile: String?, environment: [String: String], store: CredentialStore, server: String, localData: FilePath?
  ) throws(CommandError) {
    func variable(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
    self.store = store
    self.server = server
    passwordFile = variable("BERAY_PASSWORD_FILE").map { FilePath($0) }
    emailVariable = variable("BERAY_EMAIL")
    if let tokenFile {
      place = try Self.place(of: FilePath(tokenFile))
    } else if let localData {
      place = .local(localData)
    } else if let path = variable("BERAY_TOKEN_FILE") {
      place = try Self.place(of: FilePath(path))
    } else if let token = variable("BERAY_TOKEN") {
      place = .value(token)
    } else {
      place = .store
      _ = try store.entry(for: server)
    }
  }

  /// What people call the place where the token is; nil if `login` keeps it, or nobody has to do with it.
  static func placeName(tokenFile: String?, environment: [String: String], isLocal: Bool) -> String? {
    if let tokenFile { return tokenFile }
    if isLocal { return nil }
    if let path = environment["BERAY_TOKEN_FILE"], !path.isEmpty { return "\(path) (BERAY_TOKEN_FILE)" }
    if let token = environment["BERAY_TOKEN"], !token.isEmpty { return "BERAY_TOKEN" }
    return nil
  }

  /// - Throws: ``CommandError`` if there is no token that only this user can read.
  private static func place(of path: FilePath) throws(CommandError) -> Place {
    let isRegular = FileStatus(behind: path)?.isRegularFile ?? true
    let token = try Password.read(path)
    return isRegular ? .file(path) : .value(token)
  }

  /// The token as it is now.
  /// - Throws: ``CommandError`` if others can read it.
  func token() throws(CommandError) -> String? {
    switch place {
    case .file(let path): try Password.read(path)
    case .value(let token): token
    case .local(let data): try Self.localToken(data)
    case .store: try store.entry(for: server)?.token
    }
  }

  private static func localToken(_ data: FilePath) throws(CommandError) -> String? {
    do { return try LocalToken.read(dataDirectory: data.string) } catch {
      throw CommandError("cannot read the token of the local server in \(data): \(error)")
    }
  }

  /// Keeps a token where it was read from, if that is the store.
  func keep(_ token: String, email: String?) throws(CommandError) {
    if case .store = place { try store.keep(.init(email: email, token: token), for: server) }
  }

  /// What to log in with where the token is no longer taken; nil if no password file is named.
  func login() throws(CommandError) -> (email: String, password: String)? {
    guard let passwordFile else { return nil }
    var email = emailVariable
    if email == nil { email = try store.entry(for: server)?.email }
    guard let email else { return nil }
    return (email, try Password.read(passwordFile))
  }
}
