import Beray
import BerayAPI
import HTTPTypes
import Testing

/// Downloads whose connection breaks.
@Suite(.timeLimit(.minutes(5))) struct ResumeTests {
  private static let content = [UInt8]((0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 13 &+ $0 >> 8) })

  /// Answers with the bytes from `start` on, and breaks off before `end`.
  private static func part(
    from start: Int, to end: Int, status: Int = 206, etag: String = "\"1\""
  ) -> ScriptedTransport.Step {
    { request in
      let length = content.count - start
      var headers: HTTPFields = [.contentLength: "\(length)", .eTag: etag]
      if status == 206 { headers[.contentRange] = "bytes \(start)-\(content.count - 1)/\(content.count)" }
      let body = ByteStream {
        var pieces = [Array(content[start..<end])]
        return { () async throws(BerayError) in
          if let piece = pieces.popLast() { return piece }
          if end == content.count { return nil }
          throw BerayError(.connectionLost, detail: "it broke", operation: request.operation)
        }
      }
      return TransportResponse(status: status, headers: headers, body: body)
    }
  }

  private func get(_ transport: ScriptedTransport, _ range: ByteRange? = nil) async throws -> [UInt8] {
    let client = try makeClient(transport)
    return try await client.fileContent(of: TaskID(rawValue: 7), path: "f", range: range).body.collect(upTo: 1 << 20)
  }

  @Test func itGoesOnWhereItBroke() async throws {
    let transport = ScriptedTransport(
      Self.part(from: 0, to: 100_000, status: 200), Self.part(from: 100_000, to: 250_000),
      Self.part(from: 250_000, to: 300_000))
    #expect(try await get(transport) == Self.content)
    #expect(transport.requests.map { $0.headers[.range] } == [nil, "bytes=100000-", "bytes=250000-"])
    #expect(transport.requests.map { $0.headers[HTTPField.Name("If-Range")!] } == [nil, "\"1\"", "\"1\""])
    #expect(transport.requests.allSatisfy { $0.headers[.acceptEncoding] == "identity" })
  }

  @Test func aPartGoesOnToItsEnd() async throws {
    let transport = ScriptedTransport(Self.part(from: 50_000, to: 60_000), Self.part(from: 60_000, to: 300_000))
    #expect(try await get(transport, ByteRange(offset: 50_000, count: 250_000)) == Array(Self.content[50_000...]))
    #expect(transport.requests.last?.headers[.range] == "bytes=60000-299999")
  }

  @Test(arguments: [(200, "\"2\""), (206, "\"2\"")])
  func noPartOfAnotherVersionFollows(_ status: Int, _ etag: String) async throws {
    let transport = ScriptedTransport(
      Self.part(from: 0, to: 100_000, status: 200), Self.part(from: 100_000, to: 300_000, status: status, etag: etag))
    let error = await #expect(throws: BerayError.self) { _ = try await get(transport) }
    #expect(error?.code == .connectionLost)
  }

  @Test func whatBreaksAgainAndAgainFails() async throws {
    let transport = ScriptedTransport(
      Self.part(from: 0, to: 100_000, status: 200), Self.part(from: 100_000, to: 100_000))
    await #expect(throws: BerayError.self) { _ = try await get(transport) }
    #expect(transport.requests.count == 4)
  }

  @Test func anUnknownEncodingIsNoContent() async throws {
    let transport = ScriptedTransport(ScriptedTransport.answer(200, "text", [.contentEncoding: "br"]))
    let error = await #expect(throws: BerayError.self) { _ = try await get(transport) }
    #expect(error?.code == .invalidResponse)
  }
}
