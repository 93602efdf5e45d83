import ArgumentParser
import Beray
import Testing

@testable import BerayCommand

@Suite struct ErrorTextTests {
  private func text(_ code: BerayError.Code, status: Int, _ advice: ErrorAdvice) -> String {
    ErrorText.sentence(for: BerayError(code, status: status, detail: "no", operation: "GET x"), advice: advice)
  }

  @Test func adviceIsForTheCommandThatFailed() {
    #expect(
      text(.authentication, status: 401, ErrorAdvice(url: "http://h"))
        == "no: run 'beray-fs login --url http://h'")
    #expect(text(.authentication, status: 401, ErrorAdvice(.login)) == "no: check the address and the password")
    #expect(text(.conflict, status: 409, ErrorAdvice(.register)).contains("beray-fs login"))
    #expect(text(.notFound, status: 404, ErrorAdvice(.tasks)).contains("'beray-fs task list'"))
    #expect(text(.invalidRequest, status: 0, ErrorAdvice()) == "no")
  }

  @Test func theCommandTellsItsPurpose() throws {
    func advice(_ words: String...) throws -> ErrorAdvice {
      try ErrorAdvice(for: RootCommand.parseAsRoot(words), Invocation(words), in: TestWorld().context)
    }
    #expect(try advice("login").purpose == .login)
    #expect(try advice("file", "get", "1", "a").purpose == .files)
    #expect(try advice("task", "show", "1").purpose == .tasks)
    #expect(try advice("https://h", "/m").url == "https://h")
  }

  @Test func aTokenOfAFileNeedsNoLogin() throws {
    func advice(_ words: [String], _ environment: [String: String] = [:]) throws -> ErrorAdvice {
      var context = TestWorld().context
      context.environment.merge(environment) { $1 }
      return try ErrorAdvice(for: RootCommand.parseAsRoot(words), Invocation(words), in: context)
    }
    let flag = try advice(["task", "list", "--url", "http://h", "--token-file", "/t"])
    #expect(text(.authentication, status: 401, flag) == "no: put a good token into /t")
    let variable = try advice(["task", "list", "--url", "http://h"], ["BERAY_TOKEN": "x"])
    #expect(text(.authentication, status: 401, variable) == "no: put a good token into BERAY_TOKEN")
    let kept = try advice(["task", "list", "--url", "http://h"])
    #expect(text(.authentication, status: 401, kept).contains("beray-fs login --url http://h"))
  }

  @Test func aPlainServerIsNotAskedByTLS() {
    var advice = ErrorAdvice()
    advice.server = "https://h:8000"
    let error = BerayError(
      .secureConnectionFailed, detail: "the server speaks no TLS there", operation: "GET users/me")
    #expect(
      ErrorText.sentence(for: error, advice: advice)
        == "the server speaks no TLS there (https://h:8000): use http://h:8000, or the port that https has there")
  }

  @Test func emptyPartsAreLeftOut() {
    let error = BerayError(.api, status: 502, detail: "", operation: "GET tasks/")
    #expect(ErrorText.sentence(for: error).hasPrefix("the server answered with an error (HTTP 502) (GET tasks/): "))
  }

  @Test func aWordOfTheSystemEndsWithoutItsNewline() {
    struct Words: Error, CustomStringConvertible { let description = "it is busy\n" }
    #expect(ErrorText.sentence(for: Words()) == "it is busy")
  }
}
