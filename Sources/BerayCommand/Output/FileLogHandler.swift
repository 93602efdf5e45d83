import BerayAPI
import Glibc
import Logging
import Synchronization
import SystemPackage

/// Logs to a file or to standard error. Lines are `time level label: message`, with control characters escaped.
struct FileLogHandler: LogHandler {
  var metadata: Logger.Metadata = [:]
  var logLevel: Logger.Level
  private let label: String
  /// Nil logs to standard error.
  private let file: LogFile?
  /// Its status line makes way for the log.
  private let terminal: Terminal

  init(label: String, level: Logger.Level, file: LogFile?, terminal: Terminal) {
    self.terminal = terminal
    self.label = label
    self.logLevel = level
    self.file = file
  }

  subscript(metadataKey key: String) -> Logger.MetadataValue? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    var line = "\(UTCTime.now().iso8601(fractionDigits: 3)) \(event.level) \(label): "
    line += ShownText.escaped(event.message.description)
    for (key, value) in metadata.merging(event.metadata ?? [:], uniquingKeysWith: { $1 }).sorted(by: { $0.key < $1.key }
    ) {
      line += " \(key)=\(ShownText.escaped(value.description))"
    }
    let bytes = Array((line + "\n").utf8)
    if let file { return file.append(bytes) }
    terminal.hideStatus()
    _ = write(STDERR_FILENO, bytes, bytes.count)
  }

  /// Opens `path` for appending. Makes a missing file with mode 0600, and missing directories above it.
  static func open(_ path: FilePath) throws(CommandError) -> Int32 {
    try PrivateDirectory.makeMissing(path.removingLastComponent())
    let descriptor = Glibc.open(path.string, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw .system("open the log \(path)", errno) }
    return descriptor
  }

  /// Sends all logging of this process to `path`, or to standard error if it is nil. Call it once.
  static func bootstrap(path: FilePath?, level: Logger.Level, terminal: Terminal) throws(CommandError) {
    let file: LogFile? = if let path { try LogFile(path) } else { nil }
    LoggingSystem.bootstrap { FileLogHandler(label: $0, level: level, file: file, terminal: terminal) }
  }
}
