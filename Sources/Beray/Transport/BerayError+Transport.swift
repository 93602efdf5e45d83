internal import AsyncHTTPClient
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

extension BerayError {
  /// Translates an error of async-http-client or SwiftNIO.
  init(transport error: any Error, operation: String) {
    if let known = error as? BerayError {
      self = known
      return
    }
    let (code, detail) =
      Task.isCancelled || error is CancellationError ? (Code.cancelled, "") : Self.meaning(of: error)
    self.init(code, detail: detail, operation: operation)
  }

  private static func meaning(of error: any Error) -> (Code, String) {
    switch error {
    case let error as HTTPClientError: return meaning(of: error)
    case let error as NIOConnectionError: return meaning(of: error)
    case let error as IOError: return meaning(ofErrno: error.errnoCode)
    case HTTPParserError.invalidEOFState: return (.connectionLost, "the server closed the connection")
    case is HTTPParserError: return (.invalidResponse, "the server's answer is not HTTP")
    case let error as ChannelError:
      if case .connectTimeout = error { return (.timedOut, "the server could not be reached in time") }
      return (.connectionLost, "")
    default:
      return meaning(ofTLS: error) ?? (.connectionLost, "\(error)")
    }
  }

  private static func meaning(of error: HTTPClientError) -> (Code, String) {
    switch error {
    case .cancelled, .requestStreamCancelled: (.cancelled, "")
    case .connectTimeout, .getConnectionFromPoolTimeout: (.timedOut, "the server could not be reached in time")
    case .readTimeout, .writeTimeout, .deadlineExceeded: (.timedOut, "")
    case .tlsHandshakeTimeout: (.secureConnectionFailed, "the TLS handshake took too long")
    case .uncleanShutdown, .remoteConnectionClosed: (.connectionLost, "the server closed the connection")
    case .alreadyShutdown: (.invalidRequest, "the client was shut down")
    case .bodyLengthMismatch: (.invalidRequest, "the content is not as long as was announced")
    default: (.invalidRequest, error.description)
    }
  }

  private static func meaning(of error: NIOConnectionError) -> (Code, String) {
    let failures = error.connectionErrors.map { meaning(of: $0.error) }
    // If one of several addresses refuses, the host is reachable, so that error is the most useful one.
    if let refused = failures.first(where: { $0.0 == .connectionRefused }) ?? failures.first { return refused }
    return (.hostUnreachable, "no address was found for the host \(error.host)")
  }

  private static func meaning(ofErrno number: CInt) -> (Code, String) {
    switch number {
    case ECONNREFUSED: (.connectionRefused, "no server listens there")
    case ENOENT: (.connectionRefused, "the server's socket is not there")
    case EHOSTUNREACH, ENETUNREACH, EHOSTDOWN, ENETDOWN, EADDRNOTAVAIL: (.hostUnreachable, "")
    case ETIMEDOUT: (.timedOut, "the server could not be reached in time")
    case EMFILE: (.tooManyOpenFiles, "this process has reached its limit of open files")
    case ENFILE: (.tooManyOpenFiles, "this machine has reached its limit of open files")
    case EACCES, EPERM: (.hostUnreachable, "this system does not permit the connection")
    default: (.connectionLost, String(cString: strerror(number)))
    }
  }
}
