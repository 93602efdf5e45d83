import Glibc
import SystemPackage

/// The directories that beray-fs uses, by the XDG Base Directory Specification 0.8.
struct Paths: Sendable {
  /// `config.json` and `credentials.json`: `$XDG_CONFIG_HOME/beray-fs`.
  let configuration: FilePath
  /// The data of the local server: `$XDG_DATA_HOME/beray-fs`.
  var data: FilePath
  /// Logs, locks, records of mounts, and files that could not be uploaded: `$XDG_STATE_HOME/beray-fs`.
  let state: FilePath

  /// - Parameter environment: a variable that is not an absolute path is ignored, as the specification says. If `HOME`
  ///   is not set, as in a mount at boot, passwd(5) gives the home.
  /// - Throws: ``CommandError`` if a home directory is needed and not known.
  init(environment: [String: String], userID: UInt32 = getuid()) throws(CommandError) {
    func directory(_ variable: String, else relative: String) throws(CommandError) -> FilePath {
      if let path = environment[variable], path.hasPrefix("/") { return FilePath(path).appending("beray-fs") }
      guard
        let home = [environment["HOME"], Self.home(of: userID)].compactMap(\.self).first(where: { $0.hasPrefix("/") })
      else { throw CommandError("user \(userID) has no home directory", advice: "set HOME") }
      return FilePath(home).appending(relative).appending("beray-fs")
    }
    configuration = try directory("XDG_CONFIG_HOME", else: ".config")
    data = try directory("XDG_DATA_HOME", else: ".local/share")
    state = try directory("XDG_STATE_HOME", else: ".local/state")
  }

  private static func home(of user: UInt32) -> String? {
    getpwuid(user)?.pointee.pw_dir.map { String(cString: $0) }
  }

  var configurationFile: FilePath { configuration.appending("config.json") }
  var credentialsFile: FilePath { configuration.appending("credentials.json") }
  /// Where the local server listens.
  var serverSocket: FilePath { serverSocket(data: data) }
  /// The socket of the server that keeps its data in `data`. Each data directory has its own.
  ///
  /// It is in the data directory, which stays when the user logs out. If the path is too long for unix(7), it is in
  /// this user's directory beneath `/tmp`.
  func serverSocket(data: FilePath) -> FilePath {
    let socket = data.appending("server.sock")
    guard socket.string.utf8.count > 107 else { return socket }
    return FilePath("/tmp/beray-fs-\(getuid())/server-\(Self.hash(data)).sock")
  }
  /// The lock to hold while starting or replacing that server.
  func serverLock(data: FilePath) -> FilePath { state.appending("server-\(Self.hash(data)).lock") }
  /// Makes the directory of that socket, unless it is the data directory, which the server makes.
  func makeSocketDirectory(data: FilePath) throws(CommandError) {
    let directory = serverSocket(data: data).removingLastComponent()
    if directory != data { try PrivateDirectory.make(directory) }
  }

  var serverLog: FilePath { state.appending("server.log") }
  /// One record for each mount that runs.
  var mountRecords: FilePath { state.appending("mounts") }
  /// Where files that could not be uploaded are saved.
  var rescued: FilePath { state.appending("rescued") }

  /// The FNV-1a hash of the path in 8 hexadecimal digits, because unix(7) limits the length of a socket's path.
  private static func hash(_ path: FilePath) -> String {
    let hash = path.string.utf8.reduce(0x811c_9dc5 as UInt32) { ($0 ^ UInt32($1)) &* 0x0100_0193 }
    let digits = String(hash, radix: 16)
    return String(repeating: "0", count: 8 - digits.count) + digits
  }

  /// The log of a mount in the background: one for each mountpoint.
  func mountLog(for mountpoint: String) -> FilePath {
    let name = mountpoint.split(separator: "/").joined(separator: "-")
    return state.appending("mount-\(String(name.suffix(180))).log")
  }
}
