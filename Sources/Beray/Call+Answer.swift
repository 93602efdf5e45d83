internal import BerayAPI

extension Call {
  /// The JSON of its answer; an empty one (204) is an empty object.
  func json(_ body: [UInt8]) throws(BerayError) -> JSON {
    if body.isEmpty { return .object([]) }
    do {
      return try JSON(parsing: body)
    } catch {
      throw notJSON(error)
    }
  }

  /// What it means that the answer could not be parsed.
  func notJSON(_ error: JSONError) -> BerayError {
    error.reason == .tooManyValues
      ? BerayError(.answerTooLarge, detail: "the answer is too large: \(error)", operation: operation)
      : BerayError(.invalidResponse, detail: "the answer is no JSON: \(error)", operation: operation)
  }

  /// What `read` finds in the answer.
  func decode<Value>(_ read: () throws(UnexpectedJSON) -> Value) throws(BerayError) -> Value {
    do {
      return try read()
    } catch {
      throw BerayError(.invalidResponse, detail: error.description, operation: operation)
    }
  }
}
