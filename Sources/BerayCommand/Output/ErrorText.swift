import Beray
import BerayAPI

/// Formats failures for people: what went wrong, then what to do.
enum ErrorText {
  /// One line without a newline, such as `beray-fs: Task not found: 'beray-fs task list' shows your tasks`.
  static func line(for error: any Error, advice: ErrorAdvice = ErrorAdvice()) -> String {
    "beray-fs: " + sentence(for: error, advice: advice)
  }

  static func sentence(for error: any Error, advice: ErrorAdvice = ErrorAdvice()) -> String {
    switch error {
    case let error as CommandError:
      return join([error.what, error.advice])
    case let error as BerayError:
      return join([reason(error) + place(error, advice.server), advice.text(for: error)])
    default:
      let text = String(describing: error)
      let end = text.lastIndex { !$0.isNewline }.map { text.index(after: $0) } ?? text.startIndex
      return ShownText.escaped(String(text[..<end]))
    }
  }

  static func status(for error: any Error) -> Int32 {
    (error as? CommandError)?.status ?? 1
  }

  private static func reason(_ error: BerayError) -> String {
    ShownText.escaped(error.reason)
  }

  /// Where it went wrong: the server that cannot be reached, or the request that it could not answer.
  private static func place(_ error: BerayError, _ server: String?) -> String {
    switch error.code {
    case .connectionRefused, .hostUnreachable, .connectionLost, .timedOut, .secureConnectionFailed:
      server.map { " (\(ShownText.escaped($0)))" } ?? ""
    case .api, .invalidResponse: " (\(error.operation))"
    default: ""
    }
  }

  private static func join(_ parts: [String?]) -> String {
    parts.compactMap(\.self).filter { !$0.isEmpty }.joined(separator: ": ")
  }
}
