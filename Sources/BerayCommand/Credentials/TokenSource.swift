import BerayServer
import LinuxSystem
import SystemPackage

/// Where the user's token for one server is. The place is decided once. The token is read each time, because `login`
/// can replace it.
struct TokenSource: Sendable {
  private enum Place {
    case file(FilePath)
    /// The token itself, from a variable or from a pipe such as `<(pass show beray)`, which can be read only once.
    case value(String)
    /// The local server's own token, in its data directory.
    case local(FilePath)
    case store
  }

  private let place: Place
  private let store: CredentialStore
  private let server: String
  /// A file with the password for a new login.
  private let passwordFile: FilePath?
  private let emailVariable: String?

  /// - Parameters:
  ///   - tokenFile: the value of `--token-file`.
  ///   - server: the server's key in the store.
  ///   - localData: the data directory if `server` is the local server. It uses its own token unless `tokenFile` is
  ///     given, and ignores `BERAY_TOKEN` and `BERAY_TOKEN_FILE`. Those are for the server that `BERAY_URL` or the
  ///     configuration names.
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

  /// The place of the token in words for users. Nil if `login` keeps it, or if it is the local server's own.
  static func placeName(tokenFile: String?, environment: [String: String], isLocal: Bool) -> String? {
    if let tokenFile { return tokenFile }
    if isLocal { return nil }
    if let path = environment["BERAY_TOKEN_FILE"], !path.isEmpty { return "\(path) (BERAY_TOKEN_FILE)" }
    if let token = environment["BERAY_TOKEN"], !token.isEmpty { return "BERAY_TOKEN" }
    return nil
  }

  /// - Throws: ``CommandError`` if the file has no token, or others can read it.
  private static func place(of path: FilePath) throws(CommandError) -> Place {
    let isRegular = FileStatus(behind: path)?.isRegularFile ?? true
    let token = try Password.read(path)
    return isRegular ? .file(path) : .value(token)
  }

  /// Reads the current token.
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

  /// Stores a new token, if tokens come from the store.
  func keep(_ token: String, email: String?) throws(CommandError) {
    if case .store = place { try store.keep(.init(email: email, token: token), for: server) }
  }

  /// The address and password for a new login once the server refuses the token. Nil if either is not known.
  func login() throws(CommandError) -> (email: String, password: String)? {
    guard let passwordFile else { return nil }
    var email = emailVariable
    if email == nil { email = try store.entry(for: server)?.email }
    guard let email else { return nil }
    return (email, try Password.read(passwordFile))
  }
}
