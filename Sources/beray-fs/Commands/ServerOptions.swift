import ArgumentParser
import Logging
import SystemPackage

/// Options of every command that talks to a server.
struct ServerOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The server: http(s)://HOST[:PORT], unix:/SOCKET, or 'local'.",
      discussion: "Without it BERAY_URL counts, then \"url\" in config.json, then the local server.",
      valueName: "url"))
  var url: String?

  @Option(
    help: ArgumentHelp("A file whose first line is the token, instead of the one that login kept.", valueName: "file"))
  var tokenFile: String?

  @Flag(help: "Send the token over plain http:// to another machine.")
  var insecureHttp = false

  @OptionGroup var logging: LogOptions
}

/// Where a command tells what it does.
struct LogOptions: ParsableArguments {
  @Flag(help: "Log every step.")
  var debug = false

  @Option(help: ArgumentHelp("Append the log to this file instead of standard error.", valueName: "file"))
  var logFile: String?

  /// Sends the log of this process where the options say, and by default only warnings to standard error.
  func start(level: Logger.Level = .warning, file: FilePath? = nil) throws(CommandError) {
    try FileLogHandler.bootstrap(path: logFile.map { FilePath($0) } ?? file, level: debug ? .debug : level)
  }
}
