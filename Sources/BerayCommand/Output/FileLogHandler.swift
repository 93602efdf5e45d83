import BerayAPI
import Glibc
import Logging
import Synchronization
import SystemPackage

/// A log for one process: a file, or standard error. Lines are `time level label: message`, without control characters.
struct FileLogHandler: LogHandler {
  var metadata: Logger.Metadata = [:]
  var logLevel: Logger.Level
  private let label: String
  private let descriptor: Int32

  init(label: String, level: Logger.Level, descriptor: Int32) {
    self.label = label
    self.logLevel = level
    self.descriptor = descriptor
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
    if descriptor == STDERR_FILENO { Terminal.process.hideStatus() }
    // One write(2) in append mode: lines of two processes do not mix.
    _ = write(descriptor, bytes, bytes.count)
  }

  /// Opens `path` for appending, made with mode 0600, with what is missing above it.
  static func open(_ path: FilePath) throws(CommandError) -> Int32 {
    try PrivateDirectory.makeMissing(path.removingLastComponent())
    let descriptor = Glibc.open(path.string, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw .system("open the log \(path)", errno) }
    return descriptor
  }

  /// Sends all logging of this process to `path`, or to standard error where nil. Call it once.
  static func bootstrap(path: FilePath?, level: Logger.Level) throws(CommandError) {
    let descriptor = if let path { try open(path) } else { STDERR_FILENO }
    LoggingSystem.bootstrap { FileLogHandler(label: $0, level: level, descriptor: descriptor) }
  }
}
