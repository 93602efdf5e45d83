import Beray
import BerayAPI
import Foundation
import HTTPTypes
import Testing

/// Every call is the request that the Python SDK makes.
@Suite struct CallTests {
  static let session = #"{"access_token":"new","token_type":"bearer","user":{"email":"a@b.c"}}"#

  private func request(
    _ answer: String = "{}", _ call: (BerayClient) async throws -> Void
  ) async throws -> (String, TransportRequest) {
    let transport = ScriptedTransport(ScriptedTransport.answer(200, answer))
    try await call(try makeClient(transport))
    let request = try #require(transport.requests.first)
    #expect(transport.requests.count == 1)
    #expect(request.headers[.authorization] == "Bearer t0ken")
    return ("\(request.method) \(request.target) \(request.text)", request)
  }

  @Test func authentication() async throws {
    #expect(
      try await request { _ = try await $0.requestVerificationCode(email: "a@b.c") }.0
        == #"POST /api/v1/auth/request-verification-code {"email":"a@b.c"}"#)
    #expect(
      try await request(Self.session) { try await $0.register(email: "a@b.c", verificationCode: "12", password: "p") }.0
        == #"POST /api/v1/auth/register {"email":"a@b.c","verification_code":"12","password":"p"}"#)
    #expect(
      try await request(Self.session) { try await $0.login(email: "a@b.c", password: "p") }.0
        == #"POST /api/v1/auth/login {"email":"a@b.c","password":"p"}"#)
    let (form, request) = try await request(Self.session) {
      try await $0.loginWithForm(email: "a@b.c", password: "p&q")
    }
    #expect(form == "POST /api/v1/auth/token username=a%40b.c&password=p%26q")
    #expect(request.headers[.contentType] == "application/x-www-form-urlencoded")
    #expect(try await self.request { try await $0.logout() }.0 == "POST /api/v1/auth/logout ")
    #expect(try await self.request { _ = try await $0.currentUser() }.0 == "GET /api/v1/users/me ")
  }

  @Test func tasks() async throws {
    let id = TaskID(rawValue: 7)
    #expect(
      try await request(#"{"id":7}"#) { _ = try await $0.createTask(goal: "g") }.0
        == #"POST /api/v1/tasks/ {"goal":"g","tools":null}"#)
    #expect(
      try await request(#"{"id":7}"#) { _ = try await $0.createTask(goal: "g", tools: ["a"]) }.0
        == #"POST /api/v1/tasks/ {"goal":"g","tools":["a"]}"#)
    #expect(try await request("[]") { _ = try await $0.tasks() }.0 == "GET /api/v1/tasks/ ")
    #expect(try await request { _ = try await $0.task(id) }.0 == "GET /api/v1/tasks/7 ")
    #expect(try await request { try await $0.stopTask(id) }.0 == "POST /api/v1/tasks/7/stop ")
    #expect(try await request { try await $0.deleteTask(id) }.0 == "DELETE /api/v1/tasks/7 ")
    let (stream, request) = try await request { _ = try await $0.updates(of: id, after: "5") }
    #expect(stream == "GET /api/v1/tasks/7/stream ")
    #expect(request.headers[.accept] == "text/event-stream")
    #expect(request.headers[HTTPField.Name("Last-Event-ID")!] == "5")
  }

  @Test func files() async throws {
    let id = TaskID(rawValue: 7)
    #expect(try await request("[]") { _ = try await $0.fileTree(of: id) }.0 == "GET /api/v1/tasks/7/files/tree?path=. ")
    #expect(
      try await request("[]") { _ = try await $0.fileTree(of: id, path: "a b", recursive: true) }.0
        == "GET /api/v1/tasks/7/files/tree?path=a%20b&recursive=true ")
    let (get, read) = try await request {
      _ = try await $0.fileContent(of: id, path: "a/b", range: ByteRange(offset: 5, count: 10), ifNoneMatch: "\"x\"")
    }
    #expect(get == "GET /api/v1/tasks/7/files/content?path=a/b ")
    #expect(read.headers[.range] == "bytes=5-14")
    #expect(read.headers[.ifNoneMatch] == "\"x\"")
    let (put, written) = try await request {
      _ = try await $0.uploadFile(to: id, path: "a.py", content: .bytes(Array("hi".utf8)))
    }
    #expect(put == "PUT /api/v1/tasks/7/files/content?path=a.py hi")
    #expect(written.headers[.contentType] == "text/x-python")
    #expect(written.headers[.ifMatch] == nil && written.headers[.ifNoneMatch] == nil)
    let (_, replacing) = try await request {
      _ = try await $0.uploadFile(to: id, path: "a", content: .bytes([]), when: .matching(etag: "\"x\""))
    }
    #expect(replacing.headers[.ifMatch] == "\"x\"")
    let (_, making) = try await request {
      _ = try await $0.uploadFile(to: id, path: "a", content: .bytes([]), when: .absent)
    }
    #expect(making.headers[.ifNoneMatch] == "*")
    let (_, changing) = try await request {
      try await $0.setAttributes(of: id, path: "a", mode: 0o700, modified: nil, when: .matching(etag: "\"x\""))
    }
    #expect(changing.headers[.ifMatch] == "\"x\"")
    let large = [UInt8](repeating: 7, count: 300 << 10)
    let (_, streamed) = try await request {
      _ = try await $0.uploadFile(to: id, path: "large", content: .bytes(large))
    }
    guard case .stream(let body, Int64(large.count)) = streamed.body else {
      Issue.record("what is not small is streamed")
      return
    }
    var arrived: [UInt8] = []
    // Small pieces, so that a slow upload is seen to move.
    for try await piece in body {
      #expect(piece.count <= 64 << 10)
      arrived += piece
    }
    #expect(arrived == large)
    let (_, plain) = try await request { _ = try await $0.uploadFile(to: id, path: ".bin", content: .bytes([])) }
    #expect(plain.headers[.contentType] == "application/octet-stream")
    #expect(
      try await request { _ = try await $0.archive(of: id, paths: ["a"]) }.0
        == #"POST /api/v1/tasks/7/files/download {"paths":["a"]}"#)
    #expect(
      try await request { _ = try await $0.archive(of: id) }.0 == #"POST /api/v1/tasks/7/files/download {"paths":[]}"#)
  }

  @Test func beyondTheSDK() async throws {
    let id = TaskID(rawValue: 7)
    #expect(
      try await request { try await $0.removeFile(of: id, path: "a?") }.0
        == "DELETE /api/v1/tasks/7/files/content?path=a%3F ")
    #expect(
      try await request { try await $0.moveFile(of: id, from: "a", to: "b", overwrite: true) }.0
        == #"POST /api/v1/tasks/7/files/move {"from":"a","to":"b","overwrite":true}"#)
    let (_, conditional) = try await request {
      try await $0.moveFile(of: id, from: "a", to: "b", overwrite: true, when: .matching(etag: "\"1\""))
    }
    #expect(conditional.headers[.ifMatch] == "\"1\"")
    #expect(
      try await request { try await $0.makeDirectory(of: id, path: "d") }.0
        == #"POST /api/v1/tasks/7/files/directory {"path":"d"}"#)
    #expect(
      try await request { try await $0.setAttributes(of: id, path: "d", mode: 0o755, modified: nil) }.0
        == #"PATCH /api/v1/tasks/7/files/attributes?path=d {"mode":493}"#)
  }

  @Test func anAppendHasAKey() async throws {
    let id = TaskID(rawValue: 7)
    let (line, request) = try await request(#"{"size":5,"offset":3,"etag":"\"v\""}"#) {
      let receipt = try await $0.appendFile(to: id, path: "log", content: .bytes(Array("hi".utf8)), key: "k1")
      #expect(receipt.offset == 3)
      #expect(receipt.file.size == 5)
      #expect(receipt.file.etag == "\"v\"")
    }
    #expect(line == "POST /api/v1/tasks/7/files/append?path=log hi")
    #expect(request.headers[HTTPField.Name("Idempotency-Key")!] == "k1")
  }

  @Test func partsAndVersionsOfFiles() async throws {
    let id = TaskID(rawValue: 7)
    let headers: HTTPFields = [
      .contentRange: "bytes 5-6/100", .eTag: "\"x\"", .lastModified: "Sun, 06 Nov 1994 08:49:37 GMT",
    ]
    let transport = ScriptedTransport(
      ScriptedTransport.answer(206, "hi", headers), ScriptedTransport.answer(304, ""),
      ScriptedTransport.answer(200, "whole", [.contentLength: "5"]), ScriptedTransport.answer(206, "hi"))
    let client = try makeClient(transport)
    let range = ByteRange(offset: 5, count: 2)
    let part = try await client.fileContent(of: id, path: "a", range: range)
    #expect(part.offset == 5)
    #expect(part.size == 100)
    #expect(part.etag == "\"x\"")
    #expect(part.modified == UTCTime(seconds: 784_111_777))
    #expect(try await part.body.collect(upTo: 9) == Array("hi".utf8))
    #expect(try await client.fileContent(of: id, path: "a", ifNoneMatch: "\"x\"").isUnchanged)
    let whole = try await client.fileContent(of: id, path: "a", range: range)
    #expect(whole.offset == 0)
    #expect(whole.size == 5)
    await #expect { try await client.fileContent(of: id, path: "a", range: range) } throws: {
      ($0 as? BerayError)?.code == .invalidResponse
    }
  }

  @Test(arguments: [(5, 0), (-1, 2), (0, -1), (Int64.max, 2)] as [(Int64, Int64)])
  func aRangeHasBytes(offset: Int64, count: Int64) async throws {
    let transport = ScriptedTransport(ScriptedTransport.answer())
    let client = try makeClient(transport)
    let range = ByteRange(offset: offset, count: count)
    await #expect { try await client.fileContent(of: TaskID(rawValue: 7), path: "f", range: range) } throws: {
      ($0 as? BerayError)?.code == .invalidRequest
    }
    #expect(transport.requests.isEmpty)
  }

  @Test func aFileIsReadAsItLeaves() async throws {
    let path = "/tmp/api-upload-\(UInt32.random(in: .min ... .max))"
    let bytes = (0..<1_000_000).map { UInt8(truncatingIfNeeded: $0 / 1000) }
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    defer { try? FileManager.default.removeItem(atPath: path) }
    let body = try UploadBody.file(path)
    #expect(body.length == 1_000_000)
    for _ in 0..<2 { #expect(try await body.open().collect(upTo: bytes.count) == bytes) }
    var pieces = body.open().makeAsyncIterator()
    #expect(try await (pieces.next()?.count ?? 0) <= 256 << 10)
    #expect(truncate(path, 10) == 0)
    await #expect { try await pieces.next() } throws: { "\($0)".contains("became shorter") }
    for other in ["/tmp", "/tmp/api-no-such-file", "/dev/null"] {
      #expect { try UploadBody.file(other) } throws: { ($0 as? BerayError)?.code == .invalidRequest }
    }
  }

  @Test func loginKeepsTheTokenAndLogoutDropsIt() async throws {
    let transport = ScriptedTransport(
      ScriptedTransport.answer(200, Self.session), ScriptedTransport.answer(), ScriptedTransport.answer(500, "no"),
      ScriptedTransport.answer())
    let client = try makeClient(transport, token: nil)
    #expect(try await client.login(email: "a@b.c", password: "p").user?.email == "a@b.c")
    _ = try await client.currentUser()
    await #expect(throws: BerayError.self) { try await client.logout() }
    _ = try await client.currentUser()
    #expect(transport.requests.map { $0.headers[.authorization] } == [nil, "Bearer new", "Bearer new", nil])
  }
}
