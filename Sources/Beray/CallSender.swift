internal import BerayAPI
internal import HTTPTypes
internal import Logging
internal import Synchronization

/// Sends the calls of a client: adds the token, enforces the deadline, and retries if that is safe.
final class CallSender: Sendable {
  let address: ServerAddress
  let configuration: BerayClient.Configuration
  let credentials: any CredentialProvider
  let logger: Logger
  let transport: any BerayClient.Transport
  private let counts = Mutex(BerayClient.Statistics())

  init(
    address: ServerAddress, credentials: any CredentialProvider, configuration: BerayClient.Configuration,
    transport: any BerayClient.Transport, logger: Logger
  ) {
    self.address = address
    self.credentials = credentials
    self.configuration = configuration
    self.transport = transport
    self.logger = logger
  }

  /// What it has done so far.
  var statistics: BerayClient.Statistics { counts.withLock { $0 } }

  /// The largest answer, in bytes, that is read into memory. File contents are streamed and have no such limit.
  static let answerLimit = 256 << 20

  /// Makes a call and reads its whole answer, within `limit`.
  func answer(
    to call: Call, within limit: Duration? = nil, upTo size: Int = answerLimit
  ) async throws(BerayError) -> (body: [UInt8], headers: HTTPFields) {
    let limit = limit ?? configuration.timeouts.metadata
    return try await counted { () async throws(BerayError) in
      try await limited(to: limit, operation: call.operation) { () async throws(BerayError) in
        try await self.send(call, within: limit) { response throws(BerayError) in
          (try await response.body.collect(upTo: size, orElse: .answerTooLarge), response.headers)
        }
      }
    }
  }

  /// Makes a call and reads its answer as JSON.
  func json(_ call: Call, within limit: Duration? = nil) async throws(BerayError) -> JSON {
    try call.json(try await answer(to: call, within: limit).body)
  }

  /// Makes a call and returns once the head of the answer has arrived. A small body is read at once; reads of a larger
  /// one have a timeout.
  func stream(
    _ call: Call, head: Duration, progress: Int, within limit: Duration
  ) async throws(BerayError) -> TransportResponse {
    try await counted { () async throws(BerayError) in
      try await limited(to: head, operation: call.operation) { () async throws(BerayError) in
        try await self.send(call, within: head) { response throws(BerayError) in
          var response = response
          // `Content-Length` counts compressed bytes, so it does not bound a compressed body.
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

  /// Runs `work` on the transport's executor, and counts and logs its failure.
  func counted<Value: Sendable>(
    _ work: @Sendable () async throws(BerayError) -> Value
  ) async throws(BerayError) -> Value {
    do {
      return try await withTaskExecutorPreference(transport.executor, operation: work)
    } catch {
      counts.withLock { $0.failures += 1 }
      logger.debug("\(error)")
      throw error
    }
  }

  /// Sends a request, and retries it if that is safe, until a successful answer has been read.
  /// - Parameters:
  ///   - limit: no retry starts later than this after the call began.
  ///   - progress: the upload, if there is one: `limit` then counts from its last movement.
  ///   - read: reads the answer. The request is also retried if this fails with a connection error.
  func send<Value: Sendable>(
    _ call: Call, within limit: Duration, after progress: UploadProgress? = nil,
    reading read: @Sendable (TransportResponse) async throws(BerayError) -> Value
  ) async throws(BerayError) -> Value {
    let began = configuration.now()
    var attempt = Attempt(
      token: await credentials.token(), retries: call.isIdempotent ? configuration.retries : 0,
      mayRenew: !call.isAuthentication, mayStart: configuration.onConnectionRefused != nil)
    while true {
      do {
        return try await read(try await sendOnce(call, token: attempt.token))
      } catch {
        // An earlier try deleted it, and its answer was lost.
        if error.status == 404, call.method == "DELETE", attempt.mayHaveArrived {
          return try await read(TransportResponse(status: 204))
        }
        let deadline = (progress?.lastMovement ?? began) + limit
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
    let response = try await logged(call) { () async throws(BerayError) in try await transport.execute(request) }
    if (200..<300).contains(response.status) { return response }
    if response.status == 304, call.headers[.ifNoneMatch] != nil { return response }
    let body = (try? await response.body.collect(upTo: 1 << 20)) ?? []
    throw ErrorAnswer.error(
      status: response.status, headers: response.headers, body: body, operation: call.operation,
      isSecret: call.isAuthentication, secrets: Secrets(call.secrets + [token].compactMap { $0 }))
  }

  /// Logs the request, its outcome, and how long the head of the answer took.
  private func logged(
    _ call: Call, _ execute: () async throws(BerayError) -> TransportResponse
  ) async throws(BerayError) -> TransportResponse {
    guard logger.logLevel <= .debug else { return try await execute() }
    let start = ContinuousClock.now
    func tell(_ end: String) {
      let tenths = Int64((ContinuousClock.now - start) / .microseconds(100))
      logger.debug("\(call.method) \(call.target): \(end) after \(tenths / 10).\(tenths % 10) ms")
    }
    do {
      let response = try await execute()
      tell("HTTP \(response.status)")
      return response
    } catch {
      tell(error.detail)
      throw error
    }
  }

  /// Prepares a retry, or throws `error` if none is allowed.
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
      let left = deadline - configuration.now()
      do throws(BerayError) {
        try await limited(to: left, operation: call.operation) { () async throws(BerayError) in
          do { try await start() } catch let cause as BerayError { throw cause } catch {
            throw BerayError(.connectionRefused, detail: "\(error)", operation: call.operation)
          }
        }
      } catch let cause where cause.code != .cancelled && cause.code != .timedOut {
        var refused = error
        refused.detail = "\(error.detail); starting one failed: \(ShownText.escaped(cause.detail))"
        throw refused
      }
      return
    }
    guard attempt.retries > 0, error.isTransient, !Task.isCancelled else { throw error }
    attempt.retries -= 1
    if error.code == .connectionLost || error.status == 502 || error.status == 504 { attempt.mayHaveArrived = true }
    let pause = attempt.nextPause(retryAfter: error.retryAfter)
    guard configuration.now() + pause < deadline, (try? await configuration.pause(pause)) != nil else { throw error }
  }
}

/// What may still be tried for one call.
private struct Attempt {
  var token: String?
  var retries: Int
  var mayRenew: Bool
  var mayStart: Bool
  /// Whether an earlier try may have reached the server although its answer was lost.
  var mayHaveArrived = false
  private var pauses = 0

  init(token: String?, retries: Int, mayRenew: Bool, mayStart: Bool) {
    self.token = token
    self.retries = retries
    self.mayRenew = mayRenew
    self.mayStart = mayStart
  }

  /// The pause that the server asked for, else 100, 200, 400 ms… A random part of up to half is taken off, so that
  /// clients do not retry in step.
  mutating func nextPause(retryAfter: Int?) -> Duration {
    defer { pauses += 1 }
    if let retryAfter { return .seconds(retryAfter) }
    return .milliseconds(100 << min(pauses, 6)) * Double.random(in: 0.5...1)
  }
}
