internal import BerayAPI
internal import HTTPTypes
public import Logging
internal import Synchronization

/// A client of a BeRay server: every operation of the API as an async method that throws ``BerayError``.
///
/// It is safe to use from many tasks at once. Each call has a deadline (``Timeouts``), and ends at once when the task
/// that makes it is cancelled. What can be repeated is repeated after a broken connection; POST never is.
public final class BerayClient: Sendable {
  public let address: ServerAddress
  public let configuration: Configuration
  let credentials: any CredentialProvider
  let logger: Logger
  let transport: any Transport
  let counts = Mutex(Statistics())
  let knownCapabilities = SharedAnswer<Result<Capabilities, BerayError>>()

  /// - Parameters:
  ///   - address: of the server.
  ///   - credentials: where the token comes from, and where a login puts it.
  ///   - configuration: deadlines, and what else is set.
  ///   - transport: HTTP where nil.
  ///   - logger: where failures are logged, without secrets.
  public init(
    address: ServerAddress, credentials: any CredentialProvider, configuration: Configuration = Configuration(),
    transport: (any Transport)? = nil, logger: Logger = Logger(label: "beray-client")
  ) {
    self.address = address
    self.credentials = credentials
    self.configuration = configuration
    self.logger = logger
    self.transport =
      transport
      ?? HTTPTransport(
        address: address, connect: configuration.timeouts.connect, authorities: configuration.certificateAuthorities)
  }

  /// A client that keeps its token in memory.
  /// ```swift
  /// let client = try BerayClient(url: "unix:/run/user/1000/beray/socket")
  /// ```
  /// - Throws: ``BerayError/Code/invalidRequest`` where `url` is none.
  public convenience init(url: String = "http://localhost:8000", token: String? = nil) throws(BerayError) {
    self.init(address: try ServerAddress(parsing: url), credentials: StaticCredentials(token: token))
  }

  /// Closes its connections. No call follows.
  /// ```swift
  /// await client.shutdown()
  /// ```
  public func shutdown() async {
    await transport.shutdown()
  }

  /// Where its calls run: tasks that make many calls, one after the other, prefer it too and save changes of threads. What blocks or computes long
  /// must not run there. Nil: anywhere.
  public var executor: (any TaskExecutor)? { transport.executor }

  /// What it has done so far.
  public var statistics: Statistics { counts.withLock { $0 } }

  /// The most bytes of an answer that is no file.
  static let answerLimit = 256 << 20

  /// Makes a call and reads its whole answer, within `limit`.
  func answer(
    to call: Call, within limit: Duration? = nil, upTo size: Int = answerLimit
  ) async throws(BerayError) -> (body: [UInt8], headers: HTTPFields) {
    let limit = limit ?? configuration.timeouts.metadata
    return try await counted(call) { () async throws(BerayError) in
      try await limited(to: limit, operation: call.operation) { () async throws(BerayError) in
        try await self.send(call, within: limit) { response throws(BerayError) in
          (try await response.body.collect(upTo: size, orElse: .answerTooLarge), response.headers)
        }
      }
    }
  }

  /// Makes a call and reads its answer as JSON; an empty answer (204) is an empty object.
  func json(_ call: Call, within limit: Duration? = nil) async throws(BerayError) -> JSON {
    try Self.json(try await answer(to: call, within: limit).body, of: call)
  }

  /// Makes a call and returns when the head of the answer has come, and with it a body that is small. The waits of a
  /// larger one are watched.
  func stream(
    _ call: Call, head: Duration, progress: Int, within limit: Duration
  ) async throws(BerayError) -> TransportResponse {
    try await counted(call) { () async throws(BerayError) in
      try await limited(to: head, operation: call.operation) { () async throws(BerayError) in
        try await self.send(call, within: head) { response throws(BerayError) in
          var response = response
          // The length of a compressed answer says nothing of what comes out of it.
          let isPlain = response.headers[.contentEncoding] == nil
          if isPlain, let length = response.headers[.contentLength].flatMap({ ServerNumber.size($0) }),
            length <= 64 << 10
          {
            response.body = ByteStream(try await response.body.collect(upTo: 64 << 10))
          } else {
            response.body = BodyPump.watching(
              response.body, progress: progress, within: limit, operation: call.operation)
          }
          return response
        }
      }
    }
  }

  /// Makes a call where the transport wants it to run; counts its failure, and logs it.
  func counted<Value: Sendable>(
    _ call: Call, _ work: @Sendable () async throws(BerayError) -> Value
  ) async throws(BerayError) -> Value {
    do {
      return try await withTaskExecutorPreference(transport.executor, operation: work)
    } catch {
      counts.withLock { $0.failures += 1 }
      logger.debug("\(error)")
      throw error
    }
  }

  static func json(_ body: [UInt8], of call: Call) throws(BerayError) -> JSON {
    if body.isEmpty { return .object([]) }
    do {
      return try JSON(parsing: body)
    } catch {
      throw notJSON(error, of: call)
    }
  }

  /// What it means that an answer could not be parsed.
  static func notJSON(_ error: JSONError, of call: Call) -> BerayError {
    error.reason == .tooManyValues
      ? BerayError(.answerTooLarge, detail: "the answer is too large: \(error)", operation: call.operation)
      : BerayError(.invalidResponse, detail: "the answer is no JSON: \(error)", operation: call.operation)
  }

  /// Reads an answer by one of the tolerant decoders.
  static func decode<Value>(
    _ call: Call, _ read: () throws(UnexpectedJSON) -> Value
  ) throws(BerayError) -> Value {
    do {
      return try read()
    } catch {
      throw BerayError(.invalidResponse, detail: error.description, operation: call.operation)
    }
  }
}
