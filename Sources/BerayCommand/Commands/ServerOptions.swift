import ArgumentParser
import Glibc
import Logging
import SystemPackage

/// Options of every command that talks to a server.
struct ServerOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The server: http(s)://HOST[:PORT], unix:/SOCKET, or 'local'.",
      discussion: "Without it BERAY_URL counts, then \"url\" in config.json, then the local server.",
      valueName: "url"),
    completion: .list(["local", "http://localhost:8000", "https://"]))
  var url: String?

  @Option(
    help: ArgumentHelp("A file whose first line is the token, instead of the one that login kept.", valueName: "file"),
    completion: .file())
  var tokenFile: String?

  @Flag(help: "Send the token over plain http:// to another machine.")
  var insecureHttp = false

  @Option(
    help: ArgumentHelp("A PEM file with the certificates that the server is trusted by.", valueName: "file"),
    completion: .file())
  var caFile: String?

  @OptionGroup var logging: LogOptions

  /// Reads the options from an incomplete command line, for completions.
  static func given(in words: [String]) -> ServerOptions {
    var options = ServerOptions()
    options.url = Invocation.value(of: "--url", in: words)
    options.tokenFile = Invocation.value(of: "--token-file", in: words)
    options.caFile = Invocation.value(of: "--ca-file", in: words)
    options.insecureHttp = words.contains("--insecure-http")
    options.logging = LogOptions()
    options.logging.debug = false
    options.logging.logFile = nil
    return options
  }

  func validate() throws {
    for (name, value) in [("--url", url), ("--token-file", tokenFile), ("--ca-file", caFile)] where value == "" {
      throw ValidationError("\(name) is empty; give a value, or leave it out")
    }
  }

  /// The file of trusted certificates from `--ca-file`, `BERAY_CA_FILE`, `config.json` or `SSL_CERT_FILE`, in this
  /// order. Nil means the system's certificates.
  /// - Throws: ``CommandError`` if it cannot be read.
  func authorities(_ environment: [String: String], _ configuration: UserConfiguration) throws(CommandError) -> String?
  {
    let named = [caFile, environment["BERAY_CA_FILE"], configuration.caFile, environment["SSL_CERT_FILE"]]
    guard let file = named.compactMap(\.self).first(where: { !$0.isEmpty }) else { return nil }
    guard access(file, R_OK) == 0 else { throw .system("read the certificates in \(file)", errno) }
    return file
  }
}

/// Options for the log of a command.
struct LogOptions: ParsableArguments {
  @Flag(help: "Log each operation and each request, with its time.")
  var debug = false

  @Option(
    help: ArgumentHelp("Append the log to this file instead of standard error.", valueName: "file"),
    completion: .file())
  var logFile: String?

  /// Starts the log. `--debug` overrides `level`. The default is standard error.
  func start(level: Logger.Level, terminal: Terminal) throws(CommandError) {
    try FileLogHandler.bootstrap(
      path: logFile.map { FilePath($0) }, level: debug ? .debug : level, terminal: terminal)
  }
}
