import Beray
import BerayAPI

extension BerayError {
  /// The server sends another length than it lists.
  static func contradiction(_ received: Int64?, _ expected: Int64?, operation: String) -> BerayError {
    let sent = received.map { "\($0) bytes" } ?? "another length"
    return BerayError(
      .invalidResponse,
      detail: "the server sent \(sent), but its listing says \(expected.map { "\($0) bytes" } ?? "nothing")",
      operation: operation)
  }

  static func endless(_ limit: Int64, operation: String) -> BerayError {
    BerayError(
      .invalidResponse, detail: "the server sent more than \(limit >> 30) GiB without a length",
      operation: operation)
  }
}
