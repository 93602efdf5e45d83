import BerayAPI
import BerayClient

/// Failures as a person reads them: what failed, then what to do.
enum ErrorText {
  /// One line without a newline, such as `beray-fs: GET tasks/7: Task not found: …`.
  static func line(for error: any Error, advice: ErrorAdvice = ErrorAdvice()) -> String {
    "beray-fs: " + sentence(for: error, advice: advice)
  }

  static func sentence(for error: any Error, advice: ErrorAdvice = ErrorAdvice()) -> String {
    switch error {
    case let error as CommandError:
      return join([error.what, error.advice])
    case let error as BerayError:
      let detail = error.detail.isEmpty ? error.status.map { "HTTP status \($0)" } : ShownText.escaped(error.detail)
      return join([error.operation, detail, advice.text(for: error)])
    default:
      let text = String(describing: error)
      let end = text.lastIndex { !$0.isNewline }.map { text.index(after: $0) } ?? text.startIndex
      return ShownText.escaped(String(text[..<end]))
    }
  }

  static func status(for error: any Error) -> Int32 {
    (error as? CommandError)?.status ?? 1
  }

  private static func join(_ parts: [String?]) -> String {
    parts.compactMap(\.self).filter { !$0.isEmpty }.joined(separator: ": ")
  }
}
