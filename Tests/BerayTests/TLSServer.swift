import NIOCore
import NIOPosix
import NIOSSL

/// A server on a port of the loopback interface that speaks TLS and answers every request with `[]`.
final class TLSServer: Sendable {
  let port: Int
  private let channel: any Channel

  init(_ identity: TLSIdentity) async throws {
    var configuration = TLSConfiguration.makeServerConfiguration(
      certificateChain: try NIOSSLCertificate.fromPEMBytes(Array(identity.certificate.utf8)).map { .certificate($0) },
      privateKey: .privateKey(try NIOSSLPrivateKey(bytes: Array(identity.key.utf8), format: .pem)))
    configuration.applicationProtocols = ["http/1.1"]
    let context = try NIOSSLContext(configuration: configuration)
    channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandlers(NIOSSLServerHandler(context: context), EmptyList())
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    port = channel.localAddress?.port ?? 0
  }

  func stop() async throws { try await channel.close() }
}

private final class EmptyList: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private var received: [UInt8] = []

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    received += unwrapInboundIn(data).readableBytesView
    guard received.suffix(4).elementsEqual("\r\n\r\n".utf8) else { return }
    received = []
    let answer = ByteBuffer(string: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]")
    context.writeAndFlush(wrapOutboundOut(answer), promise: nil)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}

/// A certificate and its key, for tests alone. Made with openssl(1), good from 2020 to 2120.
struct TLSIdentity: Sendable {
  var certificate: String
  var key: String

  /// In PEM: who signed ``local`` and ``other``.
  static let authority = """
    -----BEGIN CERTIFICATE-----
    MIIBVjCB/aADAgECAgEBMAoGCCqGSM49BAMCMBIxEDAOBgNVBAMMB1Rlc3QgQ0Ew
    IBcNMjAwMTAxMDAwMDAwWhgPMjEyMDAxMDEwMDAwMDBaMBIxEDAOBgNVBAMMB1Rl
    c3QgQ0EwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQIXxtWL66cARpZB19ZZzaM
    0EHpYLnIPwzwa+HyulMuKtB97UUB+11LeN2RO8l9I8EpavClo+HL/zUTishRMXL4
    o0IwQDAPBgNVHRMBAf8EBTADAQH/MA4GA1UdDwEB/wQEAwICBDAdBgNVHQ4EFgQU
    UaTBL0fQ5FfR9Lgl2rj5Bihl26gwCgYIKoZIzj0EAwIDSAAwRQIhAJ1YxSoRWr08
    Jx29Fl4qtbcZ+GM9VtW+cB1VDr4+nsexAiBhwI2b6hBf4+y9Luy31O2LxBBUSVOQ
    CfYzAKwdXOm8zg==
    -----END CERTIFICATE-----
    """

  /// For `localhost`.
  static let local = TLSIdentity(
    certificate: """
      -----BEGIN CERTIFICATE-----
      MIIBgDCCASagAwIBAgIBAjAKBggqhkjOPQQDAjASMRAwDgYDVQQDDAdUZXN0IENB
      MCAXDTIwMDEwMTAwMDAwMFoYDzIxMjAwMTAxMDAwMDAwWjAQMQ4wDAYDVQQDDAVs
      b2NhbDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABKmnsRb3UuvDl2nkls8v909u
      hmoehClO/H8+ZDc3cpTPUdb3GHSeJcRoB7q5m9OeJF741ewHtc82TJG7u07E6AWj
      bTBrMBQGA1UdEQQNMAuCCWxvY2FsaG9zdDATBgNVHSUEDDAKBggrBgEFBQcDATAd
      BgNVHQ4EFgQUCvn531NMQ4mwWQ5eSBnEx5tFOnswHwYDVR0jBBgwFoAUUaTBL0fQ
      5FfR9Lgl2rj5Bihl26gwCgYIKoZIzj0EAwIDSAAwRQIhALil7BNLEps7OVkwObQn
      g1Jo6bCe+zNOcOE1V+jFAIskAiAsgDfyiZZVr90fiaHmWrmYwSAmTO666Ehf/0sJ
      zPNN9A==
      -----END CERTIFICATE-----
      """,
    key: """
      -----BEGIN PRIVATE KEY-----
      MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg/F7zra/vCmDeTx+X
      BeLiODxW8iGCo+RwQcBxzJrQsnehRANCAASpp7EW91Lrw5dp5JbPL/dPboZqHoQp
      Tvx/PmQ3N3KUz1HW9xh0niXEaAe6uZvTniRe+NXsB7XPNkyRu7tOxOgF
      -----END PRIVATE KEY-----
      """)

  /// For `other.example`.
  static let other = TLSIdentity(
    certificate: """
      -----BEGIN CERTIFICATE-----
      MIIBgzCCASqgAwIBAgIBAzAKBggqhkjOPQQDAjASMRAwDgYDVQQDDAdUZXN0IENB
      MCAXDTIwMDEwMTAwMDAwMFoYDzIxMjAwMTAxMDAwMDAwWjAQMQ4wDAYDVQQDDAVv
      dGhlcjBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABDaF6gz5UMRhilfGPeFE9EPK
      tmZUqALdfYWpjZZfYZB5PQ4Tqfi0JNQEXG77azWOxft+7IU0J34txGtd6/du9Tqj
      cTBvMBgGA1UdEQQRMA+CDW90aGVyLmV4YW1wbGUwEwYDVR0lBAwwCgYIKwYBBQUH
      AwEwHQYDVR0OBBYEFGae4d57pFev4AZy4Po1pw7VLtbOMB8GA1UdIwQYMBaAFFGk
      wS9H0ORX0fS4Jdq4+QYoZduoMAoGCCqGSM49BAMCA0cAMEQCIDlqFNpBZukmYDX1
      nbk+Lmi3NfXeom1VZRC9voHUSEICAiBmCyiZ6pkbsX7aJjYmhhcmJtxx4Wde5KT0
      70Ef08G+PQ==
      -----END CERTIFICATE-----
      """,
    key: """
      -----BEGIN PRIVATE KEY-----
      MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgWeGWEmN4Ug8/3doj
      tIqHaw/d2p3He+Aco3Jj0rzQ4vGhRANCAAQ2heoM+VDEYYpXxj3hRPRDyrZmVKgC
      3X2FqY2WX2GQeT0OE6n4tCTUBFxu+2s1jsX7fuyFNCd+LcRrXev3bvU6
      -----END PRIVATE KEY-----
      """)
}
