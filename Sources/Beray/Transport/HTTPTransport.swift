internal import AsyncHTTPClient
internal import EventLoops
internal import HTTPTypes
internal import Logging
internal import NIOCore
internal import NIOHTTP1
internal import NIOHTTPCompression
internal import NIOPosix
internal import NIOSSL

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// HTTP/1.1 over TCP, TLS or a unix socket, on top of async-http-client.
public final class HTTPTransport: BerayClient.Transport {
  private let address: ServerAddress
  private let client: HTTPClient
  private let loop: any EventLoop
  /// The error of every request if the certificate authorities could not be read.
  private let fault: BerayError?
  /// The event loop that serves all connections. Calls run there too.
  public let executor: (any TaskExecutor)?

  /// - Parameters:
  ///   - address: the address of the server.
  ///   - connect: the limit for opening a connection, TLS included.
  ///   - authorities: the path of a PEM file with certificate authorities to trust in addition to the system's. If it
  ///     cannot be read, every request fails with ``BerayError/Code/invalidRequest``.
  public init(address: ServerAddress, connect: Duration = .seconds(5), authorities: String? = nil) {
    self.address = address
    var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
    var fault: BerayError?
    do throws(BerayError) {
      configuration.tlsConfiguration = try authorities.map(TLSConfiguration.trusting) ?? .ofClients
    } catch {
      fault = error
    }
    self.fault = fault
    configuration.httpVersion = .http1Only
    // Some proxies compress unasked. No limit is needed here, because the reader limits the length of the answer.
    configuration.decompression = .enabled(limit: .none)
    configuration.timeout.connect = TimeAmount(connect)
    configuration.connectionPool.idleTimeout = .seconds(30)
    // An event stream keeps its connection for hours, and a mount may have many streams.
    configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = min(512, DescriptorBudget.share)
    configuration.connectionPool.retryConnectionEstablishment = false
    let isUnix = address.scheme == .unix
    configuration.http1_1ConnectionDebugInitializer = { channel in
      AnswerGuard.add(to: channel).flatMap {
        isUnix ? channel.eventLoop.makeSucceededVoidFuture() : Self.boundUnsentBytes(channel)
      }
    }
    loop = MultiThreadedEventLoopGroup.singleton.next()
    executor = EventLoopExecutor(loop)
    client = HTTPClient(eventLoopGroupProvider: .shared(loop), configuration: configuration)
  }

  /// Limits the bytes that the kernel buffers before sending. Otherwise it takes megabytes at once, and a slow upload
  /// looks stalled. Unix sockets do not need this, since their buffers are small.
  @Sendable private static func boundUnsentBytes(_ channel: any Channel) -> EventLoopFuture<Void> {
    let option = ChannelOptions.tcpOption(NIOBSDSocket.Option(rawValue: TCP_NOTSENT_LOWAT))
    // Ignored where the system lacks the option: the connection works without it.
    return channel.setOption(option, value: 128 << 10).flatMapErrorThrowing { _ in }
  }

  deinit {
    // A second shutdown fails harmlessly.
    client.shutdown { _ in }
  }

  /// Closes all connections. Calls that are under way fail.
  public func shutdown() async {
    try? await client.shutdown()
  }

  /// Sends a request once, and returns when the head of the answer has arrived.
  /// - Throws: an error of the connection, or ``BerayError/Code/cancelled``.
  public func execute(_ request: TransportRequest) async throws(BerayError) -> TransportResponse {
    if var fault {
      fault.operation = request.operation
      throw fault
    }
    var sent = HTTPClientRequest(url: address.url(request.target))
    sent.method = HTTPMethod(rawValue: request.method)
    sent.headers.add(name: "Host", value: address.authority)
    for field in request.headers { sent.headers.add(name: field.name.rawName, value: field.value) }
    switch request.body {
    case .none: break
    case .bytes(let bytes): sent.body = .bytes(ByteBuffer(bytes: bytes))
    case .stream(let stream, let length):
      sent.body = .stream(BufferSequence(stream: stream, loop: loop), length: .known(length))
    }
    do {
      let response = try await client.execute(sent, deadline: .distantFuture)
      var headers = HTTPFields()
      for (name, value) in response.headers {
        if let name = HTTPField.Name(name) { headers.append(HTTPField(name: name, value: value)) }
      }
      let operation = request.operation
      let body = response.body
      let stream = ByteStream {
        // Safe because the stream has one reader, which calls next() once at a time.
        nonisolated(unsafe) var iterator = body.makeAsyncIterator()
        return { () async throws(BerayError) in
          // Keeps the transport alive: the body may outlive the client, and the connections end with the transport.
          defer { withExtendedLifetime(self) {} }
          do {
            return try await iterator.next().map { Array($0.readableBytesView) }
          } catch {
            throw BerayError(transport: error, operation: operation)
          }
        }
      }
      return TransportResponse(status: Int(response.status.code), headers: headers, body: stream)
    } catch {
      throw BerayError(transport: error, operation: request.operation)
    }
  }
}

/// A request body for async-http-client, which reads buffers until its event loop reports back-pressure. The sequence
/// waits for the loop now and then. Otherwise a large body would be in memory before the loop has a turn.
private struct BufferSequence: AsyncSequence, Sendable {
  let stream: ByteStream
  let loop: any EventLoop

  struct AsyncIterator: AsyncIteratorProtocol {
    var iterator: ByteStream.AsyncIterator
    let loop: any EventLoop
    /// Bytes handed out since the last wait for the loop.
    var ahead = 0

    mutating func next() async throws -> ByteBuffer? {
      if ahead >= 256 << 10 {
        try await loop.submit {}.get()
        ahead = 0
      }
      guard let piece = try await iterator.next() else { return nil }
      ahead += piece.count
      return ByteBuffer(bytes: piece)
    }
  }

  func makeAsyncIterator() -> AsyncIterator { AsyncIterator(iterator: stream.makeAsyncIterator(), loop: loop) }
}
