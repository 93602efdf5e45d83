import BerayAPI
import SystemPackage
import VFS

extension Failure {
  /// One line: time, operation, path, errno, HTTP status, detail, advice, what comes of a repetition; separated by tabs.
  ///
  /// Names and words of servers stand in every column, so all are escaped, and here alone.
  var line: String {
    [
      UTCTime(time).iso8601(fractionDigits: 3), operation, path, errno.symbol, status.map(String.init) ?? "-", detail,
      advice, repetition.rawValue,
    ].map(ShownText.escaped).joined(separator: "\t") + "\n"
  }
}
