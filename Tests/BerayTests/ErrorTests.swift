import Beray
import BerayAPI
import HTTPTypes
import Testing

@Suite struct ErrorTests {
  private func error(
    _ status: Int, _ body: String, _ headers: HTTPFields = [:],
    _ call: (BerayClient) async throws(BerayError) -> Void = { client throws(BerayError) in
      _ = try await client.stopTask(TaskID(rawValue: 7))
    }
  ) async throws -> BerayError {
    let client = try makeClient(ScriptedTransport(ScriptedTransport.answer(status, body, headers)))
    do throws(BerayError) {
      try await call(client)
    } catch {
      return error
    }
    throw BerayError(.invalidResponse, detail: "nothing was thrown", operation: "test")
  }

  @Test(arguments: [
    (401, BerayError.Code.authentication), (403, .authentication), (404, .notFound), (409, .conflict),
    (422, .unprocessableEntity), (500, .api), (429, .api),
  ])
  func classes(status: Int, code: BerayError.Code) async throws {
    let error = try await error(status, #"{"detail":"no\u001b[31m\n"}"#)
    #expect(error.code == code)
    #expect(error.status == status)
    #expect(error.detail == "no\\x1b[31m\\n")
    #expect(error.operation == "POST tasks/7/stop")
    #expect("\(error)" == "POST tasks/7/stop: no\\x1b[31m\\n (HTTP \(status))")
  }

  @Test func detailMayBeAList() async throws {
    let body =
      #"{"detail":[{"loc":["body","goal"],"msg":"too short","input":"x","ctx":{}},{"loc":["query",0],"msg":"bad"}]}"#
    let error = try await error(422, body)
    #expect(error.detail == "body.goal: too short; query.0: bad")
    #expect(error.rawDetail?.arrayValue?.count == 2)
  }

  @Test func noSecretStandsInAnError() async throws {
    let body =
      #"{"detail":[{"loc":["body"],"msg":"bad: hunter2","input":{"password":"hunter2"},"ctx":{"a":"hunter2"}}]}"#
    let login = try await error(422, body) { client throws(BerayError) in
      _ = try await client.login(email: "a", password: "hunter2")
    }
    let told = "\(login) \(login.rawDetail?.serialized() ?? "")"
    #expect(!told.contains("hunter2"))
    let token = try await error(403, #"{"detail":"token t0ken is not good"}"#)
    #expect(token.detail == "token *** is not good")
  }

  @Test(arguments: [
    #"{"detail":[{"loc":["body"],"msg":"no: S","more":{"input":{"p":"S"},"ctx":"S","deep":[{"input":"S"}]}}]}"#,
    #"{"detail":{"S":"S","x":[["S"]]}}"#, #"{"message":"S"}"#, #"{"detail":"got {\"password\":\"E\"}"}"#,
    #"{"detail":"got password=F"}"#, #"{"detail":"Sx S\u0301"}"#,
  ])
  func noFormOfASecretStandsInAnError(template: String) async throws {
    let secret = #"p"w\1&/é"#
    func inJSON(_ text: String) -> String { String(JSON.string(text).serialized().dropFirst().dropLast()) }
    // As it is, as JSON within a text, and as a form.
    let body = template.replacing("S", with: inJSON(secret)).replacing("E", with: inJSON(inJSON(secret)))
      .replacing("F", with: "p%22w%5C1%26%2F%C3%A9")
    let error = try await error(422, body) { client throws(BerayError) in
      _ = try await client.login(email: "a", password: secret)
    }
    let told = "\(error) \(error.rawDetail?.serialized() ?? "")"
    for part in ["p\"w", "w\\", "p%22", "1&"] { #expect(!told.contains(part), "\(told)") }
    #expect(told.contains("***"))
  }

  @Test func secretsAreMaskedOutsideOfJSON() async throws {
    let long = String(repeating: "x", count: 497) + "t0ken"
    #expect(try await error(500, long, [.contentType: "text/plain"]).detail.hasSuffix("x***"))
    let redirect = try await error(307, "", [.location: "/?t=t0ken"])
    #expect(redirect.detail.contains("/?t=***;"))
    let code = try await error(400, #"{"detail":{"code":4711}}"#) { client throws(BerayError) in
      _ = try await client.register(email: "a", verificationCode: "4711", password: "p4ss")
    }
    let told = "\(code) \(code.rawDetail?.serialized() ?? "")"
    #expect(!told.contains("4711"))
  }

  @Test func otherBodies() async throws {
    #expect(try await error(500, "<html>", [.contentType: "text/html"]).detail == "")
    let bare = try await error(404, "<html>")
    #expect("\(bare)" == "POST tasks/7/stop: it was not found on the server (HTTP 404)")
    #expect(try await error(500, "line\nmore", [.contentType: "text/plain; charset=utf-8"]).detail == "line")
    #expect(try await error(500, #"{"message":"m"}"#).detail == "m")
    #expect(try await error(429, "{}", [.retryAfter: "7"]).retryAfter == 7)
  }

  @Test func redirectsAreToldAndNotFollowed() async throws {
    let error = try await error(307, "", [.location: "http://evil.example/x\u{7}"])
    #expect(error.code == .api)
    #expect(error.status == 307)
    #expect(error.detail.contains("http://evil.example/x"))
  }

  @Test func aReasonIsNeverEmpty() async throws {
    #expect(try await error(503, "{}").reason == "the server answered with an error (HTTP 503)")
    #expect(try await error(503, #"{"detail":"full"}"#).reason == "full")
  }

  @Test func answersThatAreNotUnderstood() async throws {
    #expect(try await error(200, "<html>").code == .invalidResponse)
    let list = try await error(200, #"{"x":1}"#) { client throws(BerayError) in _ = try await client.tasks() }
    #expect(list.code == .invalidResponse)
  }

  @Test(arguments: [
    ("http://localhost:8000/", "http://localhost:8000", true), ("HTTP://LocalHost", "http://localhost", true),
    ("https://h.example/a/b/", "https://h.example/a/b", false), ("http://[::1]:80/x", "http://[::1]:80/x", true),
    ("http://127.9.9.9", "http://127.9.9.9", true), ("unix:/run/x.sock", "unix:/run/x.sock", true),
    ("unix:///run/x.sock", "unix:/run/x.sock", true),
    ("http://127.0.0.1.evil.example", "http://127.0.0.1.evil.example", false),
    ("http://127.+1.0.0", "http://127.+1.0.0", false), ("http://127.0.0.-0", "http://127.0.0.-0", false),
    ("http://h/a@b", "http://h/a@b", false), ("unix:/run/a@b", "unix:/run/a@b", true),
  ])
  func readsAddresses(text: String, shown: String, isLocal: Bool) throws {
    let address = try ServerAddress(parsing: text)
    #expect(address.description == shown)
    #expect(address.isLocal == isLocal)
    #expect(try ServerAddress(parsing: shown) == address)
  }

  @Test(arguments: [
    "http://u:s3cret@h", "http://s3cret@h", "u:s3cret@h:80", "s3cret@h", "ftp://u:s3cret@h", "http://u:s3/cret@h",
    "http:u:s3cret@h", "http://u:s3 cret@h", "//u:s3cret@h",
  ])
  func neverRepeatsUserInfo(text: String) throws {
    let error = try #require(throws: BerayError.self) { try ServerAddress(parsing: text) }
    #expect(error.code == .invalidRequest)
    #expect(!error.detail.contains("s3"))
    #expect(error.detail.contains("log in"))
  }

  @Test(arguments: [
    "", "localhost:8000", "ftp://x", "http://", "http://h:0", "http://h:99999", "http://h:x", "http://u:p@h",
    "http://h?x", "http://h/#x",
    "http:h", "unix:", "unix:x", "http://h h", "http://[::1", "http://[x]",
  ])
  func refusesAddresses(text: String) {
    #expect { try ServerAddress(parsing: text) } throws: { ($0 as? BerayError)?.code == .invalidRequest }
    #expect(ServerAddress(text) == nil)
  }
}
