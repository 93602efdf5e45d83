import ArgumentParser
import BerayClient
import Testing

@testable import BerayCommand

@Suite struct ErrorTextTests {
  private func text(_ code: BerayError.Code, status: Int, _ advice: ErrorAdvice) -> String {
    ErrorText.sentence(for: BerayError(code, status: status, detail: "no", operation: "GET x"), advice: advice)
  }

  @Test func adviceIsForTheCommandThatFailed() {
    #expect(
      text(.authentication, status: 401, ErrorAdvice(url: "http://h"))
        == "GET x: no: run 'beray-fs login --url http://h'")
    #expect(text(.authentication, status: 401, ErrorAdvice(.login)) == "GET x: no: check the address and the password")
    #expect(text(.conflict, status: 409, ErrorAdvice(.register)).contains("beray-fs login"))
    #expect(text(.notFound, status: 404, ErrorAdvice(.tasks)).contains("'beray-fs task list'"))
    #expect(text(.invalidRequest, status: 0, ErrorAdvice()) == "GET x: no")
  }

  @Test func theCommandTellsItsPurpose() throws {
    func advice(_ words: String...) throws -> ErrorAdvice {
      try ErrorAdvice(for: RootCommand.parseAsRoot(words), url: nil)
    }
    #expect(try advice("login").purpose == .login)
    #expect(try advice("file", "get", "1", "a").purpose == .files)
    #expect(try advice("task", "show", "1").purpose == .tasks)
    #expect(try advice("https://h", "/m").url == "https://h")
  }

  @Test func emptyPartsAreLeftOut() {
    let error = BerayError(.api, status: 502, detail: "", operation: "GET tasks/")
    #expect(ErrorText.sentence(for: error).hasPrefix("GET tasks/: HTTP status 502: "))
  }

  @Test func aWordOfTheSystemEndsWithoutItsNewline() {
    struct Words: Error, CustomStringConvertible { let description = "it is busy\n" }
    #expect(ErrorText.sentence(for: Words()) == "it is busy")
  }
}
