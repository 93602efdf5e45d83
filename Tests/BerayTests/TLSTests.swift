import Beray
import BerayAPI
import Foundation
import Testing

@Suite struct TLSTests {
  /// A file of the test's own with `text`, removed behind `body`.
  private func withFile<Value>(_ text: String, _ body: (String) async throws -> Value) async throws -> Value {
    let path = "/tmp/api-ca-\(UInt32.random(in: .min ... .max)).pem"
    try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    defer { try? FileManager.default.removeItem(atPath: path) }
    return try await body(path)
  }

  /// What the list of tasks fails with, asked of a server with `identity`.
  private func failure(_ identity: TLSIdentity, authorities: String?) async throws -> BerayError? {
    let server = try await TLSServer(identity)
    var configuration = BerayClient.Configuration()
    configuration.retries = 0
    configuration.certificateAuthorities = authorities
    let client = BerayClient(
      address: try ServerAddress(parsing: "https://localhost:\(server.port)"), credentials: StaticCredentials(),
      configuration: configuration)
    var failure: BerayError?
    do throws(BerayError) { _ = try await client.tasks() } catch { failure = error }
    await client.shutdown()
    try await server.stop()
    return failure
  }

  @Test func trustsTheAuthoritiesOfAFile() async throws {
    try await withFile(TLSIdentity.authority) { path in
      let error = try await failure(.local, authorities: path)
      #expect(error == nil)
    }
  }

  @Test func refusesAnUnknownIssuer() async throws {
    let error = try await failure(.local, authorities: nil)
    #expect(error?.code == .secureConnectionFailed)
    #expect(error?.detail == "the server's certificate has expired, or its issuer is unknown")
  }

  @Test func refusesAnotherName() async throws {
    try await withFile(TLSIdentity.authority) { path in
      let error = try await failure(.other, authorities: path)
      #expect(error?.code == .secureConnectionFailed)
      #expect(error?.detail == "the server's certificate is for another name")
    }
  }

  @Test func tellsThatAFileHasNoCertificates() async throws {
    let missing = try await failure(.local, authorities: "/tmp/api-no-such.pem")
    #expect(missing?.code == .invalidRequest)
    #expect(missing?.operation == "GET tasks/")
    #expect(
      missing?.detail == "no certificates can be read from /tmp/api-no-such.pem: No such file or directory")
    try await withFile("no PEM") { path in
      let empty = try await failure(.local, authorities: path)
      #expect(empty?.code == .invalidRequest)
      #expect(empty?.detail.hasSuffix("the file has no certificate in PEM format") == true)
    }
  }
}
