internal import BerayAPI
internal import GRDB
internal import HTTPTypes
internal import SystemPackage

/// An error response in FastAPI's format: `{"detail": …}`.
struct HTTPFailure: Error {
  var status: HTTPResponse.Status
  var detail: JSON
  var headers: HTTPFields = [:]

  init(_ status: HTTPResponse.Status, _ detail: String) {
    self.status = status
    self.detail = .string(detail)
  }

  static func badRequest(_ detail: String) -> HTTPFailure { HTTPFailure(.badRequest, detail) }
  static func notFound(_ detail: String) -> HTTPFailure { HTTPFailure(.notFound, detail) }
  static func conflict(_ detail: String) -> HTTPFailure { HTTPFailure(.conflict, detail) }
  static func tooLong(_ detail: String) -> HTTPFailure { HTTPFailure(.uriTooLong, detail) }

  static func unauthorized(_ detail: String = "Not authenticated") -> HTTPFailure {
    var failure = HTTPFailure(.unauthorized, detail)
    failure.headers[.wwwAuthenticate] = "Bearer"
    return failure
  }

  /// 422 with one entry in pydantic's format. It never repeats the input, which may hold a password.
  static func unprocessable(_ location: [JSON], type: String, _ message: String) -> HTTPFailure {
    var failure = HTTPFailure(.unprocessableContent, "")
    failure.detail = .array([
      .object([.init("type", .string(type)), .init("loc", .array(location)), .init("msg", .string(message))])
    ])
    return failure
  }

  /// Translates the error of a call on a work directory for the client.
  init(_ error: Errno, path: String) {
    switch error {
    case .noSuchFileOrDirectory: self.init(.notFound, "No such file or directory: \(path)")
    case .notDirectory: self.init(.notFound, "Not a directory on the way: \(path)")
    case .fileExists: self.init(.conflict, "It exists already: \(path)")
    case .directoryNotEmpty: self.init(.conflict, "The directory is not empty: \(path)")
    case .isDirectory: self.init(.conflict, "It is a directory: \(path)")
    case .improperLink, .tooManySymbolicLinkLevels:
      self.init(.badRequest, "The path leaves the work directory: \(path)")
    case .fileNameTooLong: self = .tooLong("The name is too long")
    case .invalidArgument: self.init(.badRequest, "Not possible: \(path)")
    case .noSpace, .diskQuotaExceeded: self.init(.insufficientStorage, "No space left on the server")
    case .fileTooLarge: self.init(.contentTooLarge, "The file is too large")
    case .permissionDenied, .notPermitted: self.init(.forbidden, "The server may not do that: \(path)")
    default: self.init(.internalServerError, "\(error): \(path)")
    }
  }

  /// Translates an error of the system or the database for the client; nil if it does not concern the client.
  init?(_ error: any Error) {
    switch error {
    case let error as Errno where [.noSpace, .diskQuotaExceeded].contains(error): self.init(error, path: "")
    case let error as DatabaseError where error.isFullDisk: self.init(Errno.noSpace, path: "")
    default: return nil
    }
  }

  /// Runs file operations, and turns their system errors into failures that name `path`.
  static func translating<Result>(_ path: String, _ body: () throws -> Result) throws -> Result {
    do {
      return try body()
    } catch let error as Errno {
      throw HTTPFailure(error, path: path)
    }
  }
}

extension HTTPResponse.Status {
  /// 507 (RFC 4918 §11.5).
  fileprivate static var insufficientStorage: Self { .init(code: 507, reasonPhrase: "Insufficient Storage") }
}
