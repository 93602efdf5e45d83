internal import HTTPTypes

extension HTTPFailure {
  /// No entity tag in `If-Match` matches.
  static func isOtherVersion(_ path: RelativePath) -> HTTPFailure {
    HTTPFailure(.preconditionFailed, "The file has another version than the request names: \(path.text)")
  }
}
