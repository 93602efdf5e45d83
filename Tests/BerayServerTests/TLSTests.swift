import BerayServer
import Foundation
import Testing

@Suite(.timeLimit(.minutes(5))) struct TLSTests {
  /// Makes a certificate for `server.example`, which signs itself.
  static func certificate(in directory: String) async throws -> (certificate: String, key: String) {
    let (certificate, key) = (directory + "/cert.pem", directory + "/key.pem")
    let made = try await Tool.run([
      "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
      "-subj", "/CN=server.example", "-addext", "subjectAltName=DNS:server.example", "-keyout", key, "-out",
      certificate,
    ])
    try #require(made.status == 0, "\(made.output)")
    return (certificate, key)
  }

  @Test func otherMachinesReachItUnderItsCertificatesName() async throws {
    let directory = TestServer.temporaryDirectory()
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let files = try await Self.certificate(in: directory)
    try await TestServer.run {
      $0.tcp = .init(host: "0.0.0.0", port: 0)
      $0.tcp?.certificatePath = files.certificate
      $0.tcp?.privateKeyPath = files.key
    } _: { (server: TestServer) async throws in
      let port = try #require(server.addresses.port)
      let request = "GET /health HTTP/1.1\r\nHost: server.example:\(port)\r\nConnection: close\r\n\r\n"
      let client = { (name: String) in
        try await Tool.run(
          [
            "openssl", "s_client", "-connect", "127.0.0.1:\(port)", "-servername", name, "-verify_hostname", name,
            "-verify_return_error", "-CAfile", files.certificate, "-quiet", "-no_ign_eof",
          ], input: request)
      }
      let answer = try await client("server.example")
      #expect(answer.output.contains("200 OK"), "\(answer.output)")
      #expect(answer.output.contains("\"name\":\"beray-fs\""))
      #expect(try await !client("other.example").output.contains("200 OK"))
      for (version, isTaken) in [("-tls1", false), ("-tls1_1", false), ("-tls1_2", true), ("-tls1_3", true)] {
        // Else the client itself would not offer the old ones.
        let told = try await Tool.run(
          [
            "openssl", "s_client", "-connect", "127.0.0.1:\(port)", version, "-cipher", "DEFAULT@SECLEVEL=0",
            "-CAfile", files.certificate, "-quiet", "-no_ign_eof",
          ], input: request)
        #expect(told.output.contains("200 OK") == isTaken, "\(version): \(told.output)")
        #expect(isTaken || told.output.contains("alert protocol version"), "\(version): \(told.output)")
      }
    }
  }

  @Test func aCertificateThatCannotBeReadIsNamed() async throws {
    let directory = TestServer.temporaryDirectory()
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let files = try await Self.certificate(in: directory)
    for (certificate, key, culprit) in [
      (directory + "/nope.pem", files.key, "nope.pem: No such file"), (files.key, files.key, "key.pem: it is not"),
      (files.certificate, files.certificate, "cert.pem: it is not"),
    ] {
      do {
        _ = try await TestServer.run {
          $0.tcp?.certificatePath = certificate
          $0.tcp?.privateKeyPath = key
        } _: { _ in
          true
        }
        Issue.record("it started with \(certificate) and \(key)")
      } catch {
        #expect("\(error)".contains(culprit), "\(error)")
      }
    }
  }
}
