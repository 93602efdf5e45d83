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
  private let transport: any Transport
  private let counts = Mutex(Statistics())
  let knownCapabilities = SharedAnswer<Capabilities>()

  /// - Parameters:
  ///   - credentials: where the token comes from, and where a login puts it.
  ///   - transport: HTTP where nil.
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
  /// - Throws: ``BerayError/Code/invalidRequest`` where `url` is none.
  public convenience init(url: String = "http://localhost:8000", token: String? = nil) throws(BerayError) {
    self.init(address: try ServerAddress(parsing: url), credentials: StaticCredentials(token: token))
  }

  /// Closes its connections. No call follows.
  public func shutdown() async {
    await transport.shutdown()
  }

  /// Where its calls run: tasks that make many calls, one after the other, prefer it too and save changes of threads. What blocks or computes long
  /// must not run there. Nil: anywhere.
  public var executor: (any TaskExecutor)? { transport.executor }

  /// What it has done so far.
  public var statistics: Statistics { counts.withLock { $0 } }

  /// Makes a call and reads its whole answer, within `limit`.
  func answer(
    to call: Call, within limit: Duration? = nil, upTo size: Int = 256 << 20
  ) async throws(BerayError) -> (body: [UInt8], headers: HTTPFields) {
    let limit = limit ?? configuration.timeouts.metadata
    return try await counted(call) { () async throws(BerayError) in
      try await limited(to: limit, operation: call.operation) { () async throws(BerayError) in
        let response = try await self.send(call, within: limit)
        return (try await response.body.collect(upTo: size), response.headers)
      }
    }
  }

  /// Makes a call and reads its answer as JSON; an empty answer (204) is an empty object.
  func json(_ call: Call, within limit: Duration? = nil) async throws(BerayError) -> JSON {
    try Self.json(try await answer(to: call, within: limit).body, of: call)
  }

  /// Makes a call and returns when the head of the answer has come. The body's waits are watched.
  func stream(
    _ call: Call, head: Duration, progress: Int, within limit: Duration
  ) async throws(BerayError) -> TransportResponse {
    try await counted(call) { () async throws(BerayError) in
      try await limited(to: head, operation: call.operation) { () async throws(BerayError) in
        var response = try await self.send(call, within: head)
        if let length = response.headers[.contentLength].flatMap({ Int($0) }), length <= 64 << 10 {
          response.body = ByteStream(try await response.body.collect(upTo: 64 << 10))
        } else {
          response.body = BodyPump.watching(
            response.body, progress: progress, within: limit, operation: call.operation)
        }
        return response
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

  /// Sends a request, again where it may be, until an answer with a good status comes.
  func send(_ call: Call, within limit: Duration) async throws(BerayError) -> TransportResponse {
    let deadline = ContinuousClock.now + limit
    var attempt = Attempt(
      token: await credentials.token(), retries: call.isIdempotent ? configuration.retries : 0,
      mayRenew: !call.isAuthentication, mayStart: configuration.onConnectionRefused != nil)
    while true {
      do {
        return try await sendOnce(call, token: attempt.token)
      } catch {
        try await prepare(&attempt, for: call, after: error, deadline: deadline)
        counts.withLock { $0.retries += 1 }
      }
    }
  }

  private func sendOnce(_ call: Call, token: String?) async throws(BerayError) -> TransportResponse {
    if token != nil || call.isAuthentication, address.isInsecure, !configuration.allowInsecureHTTP {
      throw BerayError(
        .invalidRequest,
        detail:
          "\(address) is plain HTTP to another machine, where others can read the credentials: use https, or allow it (--insecure-http)",
        operation: call.operation)
    }
    counts.withLock { $0.requests[call.name, default: 0] += 1 }
    let request = call.request(token: token, prefix: address.prefix, userAgent: configuration.userAgent)
    let response = try await transport.execute(request)
    if (200..<300).contains(response.status) { return response }
    if response.status == 304, call.headers[.ifNoneMatch] != nil { return response }
    let body = (try? await response.body.collect(upTo: 1 << 20)) ?? []
    throw ErrorAnswer.error(
      status: response.status, headers: response.headers, body: body, operation: call.operation,
      isSecret: call.isAuthentication, secrets: call.secrets + [token].compactMap { $0 })
  }

  /// Makes ready to send once more, or throws `error` where that must not be.
  private func prepare(
    _ attempt: inout Attempt, for call: Call, after error: BerayError, deadline: ContinuousClock.Instant
  ) async throws(BerayError) {
    if error.status == 401, attempt.mayRenew {
      attempt.mayRenew = false
      guard let token = await credentials.renewedToken(rejecting: attempt.token), token != attempt.token else {
        throw error
      }
      attempt.token = token
      return
    }
    if error.code == .connectionRefused, attempt.mayStart, let start = configuration.onConnectionRefused {
      attempt.mayStart = false
      do {
        try await start()
      } catch let cause {
        var refused = error
        refused.detail = "\(error.detail); and none could be started: \(ShownText.escaped("\(cause)"))"
        throw refused
      }
      return
    }
    guard attempt.retries > 0, error.isTransient, !Task.isCancelled else { throw error }
    attempt.retries -= 1
    let pause = attempt.nextPause(retryAfter: error.retryAfter)
    guard ContinuousClock.now + pause < deadline, (try? await configuration.pause(pause)) != nil else { throw error }
  }

  static func json(_ body: [UInt8], of call: Call) throws(BerayError) -> JSON {
    if body.isEmpty { return .object([]) }
    do {
      return try JSON(parsing: body)
    } catch {
      throw BerayError(.invalidResponse, detail: "the answer is no JSON: \(error)", operation: call.operation)
    }
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

/// What is left to be tried for one call.
private struct Attempt {
  var token: String?
  var retries: Int
  var mayRenew: Bool
  var mayStart: Bool
  private var pauses = 0

  init(token: String?, retries: Int, mayRenew: Bool, mayStart: Bool) {
    self.token = token
    self.retries = retries
    self.mayRenew = mayRenew
    self.mayStart = mayStart
  }

  /// What the server asked for, else 100, 200, 400 ms… less up to the half by chance, so that clients do not come at
  /// once.
  mutating func nextPause(retryAfter: Int?) -> Duration {
    defer { pauses += 1 }
    if let retryAfter { return .seconds(retryAfter) }
    return .milliseconds(100 << min(pauses, 6)) * Double.random(in: 0.5...1)
  }
}
