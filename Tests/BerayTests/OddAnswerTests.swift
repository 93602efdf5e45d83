import Beray
import BerayAPI
import HTTPTypes
import Testing

/// Whatever a server writes to its socket, a call ends with a value or an error, and the process lives.
@Suite(.timeLimit(.minutes(5))) struct OddAnswerTests {
  private static let odd: [String] = {
    var answers = [
      "000", "042", "1", "01", "99", "100", "101", "102", "199", "999", "1000", "-1", "+200", "2 0", "", "abc",
      "99999999999999999999",
    ].flatMap { status in
      ["", "Content-Length: 2\r\n", "Content-Length: 0\r\n", "Transfer-Encoding: chunked\r\n"].map { header in
        let body = header.contains("chunked") ? "2\r\n[]\r\n0\r\n\r\n" : header.contains(": 0") ? "" : "[]"
        return "HTTP/1.1 \(status) X\r\n\(header)\r\n\(body)"
      }
    }
    answers += [
      "", "\r\n", "HTTP/1.1", "HTTP/1.1 200", "HTTP/9.9 200 OK\r\n\r\n[]", "HTTP/0.9 200 OK\r\n\r\n[]",
      "GET / HTTP/1.1\r\n\r\n",
      "ICY 200 OK\r\n\r\n[]", "\u{16}\u{03}\u{01}\u{00}", "HTTP/1.1 200 OK\nContent-Length: 2\n\n[]",
      "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n[]",
      "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\n[]",
      "HTTP/1.1 200 OK\r\nContent-Length: 9223372036854775807\r\n\r\n[]",
      "HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551615\r\n\r\n[]",
      "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n[]",
      "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n[]\r\n0\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n[]",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFFFFF\r\n[]",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-2\r\n[]",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n[]", "HTTP/1.1 200 OK\r\n: x\r\n\r\n[]",
      "HTTP/1.1 200 OK\r\nA B: x\r\n\r\n[]", "HTTP/1.1 200 OK\r\nX: \u{0}\u{1}\u{7f}\r\nContent-Length: 2\r\n\r\n[]",
      "HTTP/1.1 204 X\r\nContent-Length: 2\r\n\r\n[]", "HTTP/1.1 304 X\r\nContent-Length: 2\r\n\r\n[]",
      "HTTP/1.1 100 C\r\n\r\nHTTP/1.1 100 C\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]",
      "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]",
      "HTTP/1.1 200 OK\r\nX: \(String(repeating: "x", count: 2_000_000))\r\n\r\n[]",
      "HTTP/1.1 200 OK\r\n" + (0..<20_000).map { "X-\($0): y\r\n" }.joined() + "\r\n[]",
      "HTTP/1.1 200 \(String(repeating: "O", count: 500_000))\r\nContent-Length: 2\r\n\r\n[]",
      "HTTP/1.1 503 X\r\nRetry-After: 9223372036854775807\r\nContent-Length: 0\r\n\r\n",
      "HTTP/1.1 503 X\r\nRetry-After: -9223372036854775808\r\nContent-Length: 0\r\n\r\n",
      "HTTP/1.1 206 X\r\nContent-Range: bytes 9223372036854775807-9223372036854775807/9223372036854775807\r\nContent-Length: 2\r\n\r\n[]",
      "HTTP/1.1 200 OK\r\nLast-Modified: Sun, 99 Nov 9999999999 08:49:37 GMT\r\nContent-Length: 2\r\n\r\n[]",
    ]
    return answers
  }()

  private func ends(_ call: () async throws -> Void) async -> Bool {
    do {
      try await call()
      return true
    } catch {
      guard let error = error as? BerayError else { return false }
      // What is shown of it is one line, and says something.
      return !error.description.isEmpty && !error.description.contains("\n") && error.code != .cancelled
    }
  }

  @Test(arguments: odd.indices)
  func anyAnswerEnds(number: Int) async throws {
    let answer = Self.odd[number]
    let server = try Loopback { connection in
      _ = Loopback.readRequest(connection)
      Loopback.send(connection, answer)
    }
    let client = try SocketTests.connect("http://127.0.0.1:\(server.port)") {
      $0.timeouts = Timeouts(metadata: .seconds(5))
    }
    let id = TaskID(rawValue: 7)
    #expect(await ends { _ = try await client.tasks() })
    #expect(await ends { _ = try await client.fileTree(of: id) })
    #expect(await ends { _ = try await client.fileContent(of: id, path: "f").body.collect(upTo: 1 << 20) })
    #expect(await ends { _ = try await client.uploadFile(to: id, path: "f", content: .bytes([1, 2, 3])) })
    #expect(await ends { for try await _ in try await client.updates(of: id) {} })
    await client.shutdown()
  }

  @Test(arguments: ["000", "042", "1000"])
  func aStatusThatIsNoneIsNamed(status: String) async throws {
    let server = try Loopback { connection in
      _ = Loopback.readRequest(connection)
      Loopback.send(connection, "HTTP/1.1 \(status) X\r\nContent-Length: 2\r\n\r\n[]")
    }
    let client = try SocketTests.connect("http://127.0.0.1:\(server.port)")
    await #expect { try await client.tasks() } throws: { ($0 as? BerayError)?.code == .invalidResponse }
    await client.shutdown()
  }

  @Test(arguments: ["9223372036854775807", "99999999999999999999999999", "100000"])
  func aLongWaitIsCapped(seconds: String) async throws {
    let transport = ScriptedTransport(
      ScriptedTransport.answer(503, "{}", [.retryAfter: seconds]))
    let client = try makeClient(transport) { $0.retries = 0 }
    await #expect { try await client.tasks() } throws: {
      ($0 as? BerayError)?.retryAfter == ServerNumber.longestWait
    }
  }

  @Test func aHugeAnswerIsRefusedBeforeItsMemory() async throws {
    let text = "[" + String(repeating: "[],", count: JSON.valueLimit) + "[]]"
    let client = try makeClient(ScriptedTransport(ScriptedTransport.answer(200, text)))
    await #expect { try await client.tasks() } throws: {
      let error = $0 as? BerayError
      return error?.code == .answerTooLarge && error?.detail.contains("too large") == true
    }
  }
}
