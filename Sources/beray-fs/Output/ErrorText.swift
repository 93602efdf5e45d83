import BerayAPI
import BerayClient
import BerayFS

/// Failures as a person reads them: what failed, then what to do.
enum ErrorText {
  /// One line without a newline, such as `beray-fs: GET tasks/7: Task not found: …`.
  static func line(for error: any Error) -> String {
    "beray-fs: " + sentence(for: error)
  }

  static func sentence(for error: any Error) -> String {
    switch error {
    case let error as CommandError:
      return join(error.what, error.advice)
    case let error as BerayError:
      return join("\(error.operation): \(ShownText.escaped(error.detail))", error.advice)
    default:
      return ShownText.escaped(String(describing: error))
    }
  }

  static func status(for error: any Error) -> Int32 {
    (error as? CommandError)?.status ?? 1
  }

  private static func join(_ what: String, _ advice: String?) -> String {
    guard let advice else { return what }
    return "\(what): \(advice)"
  }
}
