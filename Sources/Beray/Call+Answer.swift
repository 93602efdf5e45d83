internal import BerayAPI

extension Call {
  /// Parses the body of an answer. An empty body (204) becomes an empty object.
  func json(_ body: [UInt8]) throws(BerayError) -> JSON {
    if body.isEmpty { return .object([]) }
    do {
      return try JSON(parsing: body)
    } catch {
      throw notJSON(error)
    }
  }

  /// The error to report for an answer that cannot be parsed.
  func notJSON(_ error: JSONError) -> BerayError {
    error.reason == .tooManyValues
      ? BerayError(.answerTooLarge, detail: "the answer is too large: \(error)", operation: operation)
      : BerayError(.invalidResponse, detail: "the answer is not JSON: \(error)", operation: operation)
  }

  /// Runs `read` and reports unexpected JSON as an error of this call.
  func decode<Value>(_ read: () throws(UnexpectedJSON) -> Value) throws(BerayError) -> Value {
    do {
      return try read()
    } catch {
      throw BerayError(.invalidResponse, detail: error.description, operation: operation)
    }
  }
}
