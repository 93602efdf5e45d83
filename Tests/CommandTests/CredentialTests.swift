import BerayAPI
import Foundation
import Synchronization
import SystemPackage
import Testing

@testable import BerayCommand

@Suite struct CredentialTests {
  private let scratch = Scratch()
  private var store: CredentialStore { CredentialStore(path: scratch.paths.credentialsFile) }

  @Test func keepsOneTokenForEachServer() throws {
    try store.keep(.init(email: "a@b", token: "one"), for: "http://one")
    try store.keep(.init(email: nil, token: "two"), for: "http://two")
    try store.keep(.init(email: "a@b", token: "three"), for: "http://one")
    #expect(try store.entry(for: "http://one") == .init(email: "a@b", token: "three"))
    #expect(try store.entry(for: "http://two")?.token == "two")
    try store.keep(nil, for: "http://one")
    #expect(try store.entry(for: "http://one") == nil)
    #expect(try store.entry(for: "http://two")?.token == "two")
  }

  @Test func isForItsOwnerAlone() throws {
    try store.keep(.init(email: nil, token: "t"), for: "s")
    #expect(try scratch.mode(of: store.path) == 0o600)
    #expect(try scratch.mode(of: scratch.paths.configuration) == 0o700)
  }

  @Test func refusesAFileThatOthersCanRead() throws {
    try scratch.write("{}", to: store.path, mode: 0o644)
    let error = #expect(throws: CommandError.self) { try store.entry(for: "s") }
    #expect(error?.advice == "run: chmod 600 '\(store.path)'")
  }

  @Test func refusesARuntimeDirectoryThatOthersCanEnter() throws {
    try scratch.write("", to: scratch.path.appending("open/x"))
    let open = scratch.path.appending("open")
    try scratch.chmod(open, 0o755)
    #expect(throws: CommandError.self) { try PrivateDirectory.make(open) }
  }

  @Test func closesTheDirectoryThatWasMadeByHand() throws {
    try scratch.write("{}", to: scratch.paths.configurationFile)
    try scratch.chmod(scratch.paths.configuration, 0o755)
    try store.keep(.init(email: nil, token: "t"), for: "s")
    #expect(try scratch.mode(of: scratch.paths.configuration) == 0o700)
  }

  @Test func whatIsNoFileIsReadOnce() throws {
    let fifo = scratch.path.appending("fifo")
    #expect(mkfifo(fifo.string, 0o600) == 0)
    let writer = Thread { try? Data("once\n".utf8).write(to: URL(fileURLWithPath: fifo.string)) }
    writer.start()
    let source = try TokenSource(
      tokenFile: fifo.string, environment: [:], store: store, server: "s", localData: nil)
    // Opened again, it would wait for another writer.
    #expect(try source.token() == "once")
    #expect(try source.token() == "once")
  }

  @Test func loginsAtOneTimeLoseNothing() async throws {
    let store = store
    try await withThrowingTaskGroup(of: Void.self) { group in
      for number in 0..<16 {
        group.addTask { try store.keep(.init(email: nil, token: "t\(number)"), for: "s\(number)") }
      }
      try await group.waitForAll()
    }
    for number in 0..<16 { #expect(try store.entry(for: "s\(number)")?.token == "t\(number)") }
  }

  @Test func theTokenIsFirstFoundInFileThenVariablesThenStore() throws {
    try store.keep(.init(email: nil, token: "stored"), for: "s")
    let file = scratch.path.appending("token")
    let other = scratch.path.appending("other")
    try scratch.write("from flag\n", to: file)
    try scratch.write("from variable\n", to: other)
    var environment = ["BERAY_TOKEN": "plain", "BERAY_TOKEN_FILE": other.string]
    func token(_ flag: String?) throws -> String? {
      try TokenSource(tokenFile: flag, environment: environment, store: store, server: "s", localData: nil).token()
    }
    #expect(try token(file.string) == "from flag")
    #expect(try token(nil) == "from variable")
    environment["BERAY_TOKEN_FILE"] = nil
    #expect(try token(nil) == "plain")
    environment["BERAY_TOKEN"] = nil
    #expect(try token(nil) == "stored")
  }

  @Test func aLoginElsewhereRenewsTheToken() async throws {
    try store.keep(.init(email: nil, token: "old"), for: "s")
    let source = try TokenSource(tokenFile: nil, environment: [:], store: store, server: "s", localData: nil)
    let credentials = UserCredentials(source: source) { _, _ in throw CommandError("no login is asked for") }
    #expect(await credentials.token() == "old")
    #expect(await credentials.renewedToken(rejecting: "old") == nil)
    try store.keep(.init(email: nil, token: "new"), for: "s")
    #expect(await credentials.renewedToken(rejecting: "old") == "new")
  }

  /// Credentials with a password file and a token in `BERAY_TOKEN`, and how often they logged in: as `login 1`, `login 2`…
  private func renewing(_ token: String) throws -> (UserCredentials, logins: Counter) {
    let password = scratch.path.appending("password")
    try scratch.write("secret\n", to: password)
    let environment = ["BERAY_TOKEN": token, "BERAY_EMAIL": "a@b", "BERAY_PASSWORD_FILE": password.string]
    let source = try TokenSource(tokenFile: nil, environment: environment, store: store, server: "s", localData: nil)
    let logins = Counter()
    let credentials = UserCredentials(source: source) { _, password in
      #expect(password == "secret")
      return Session(accessToken: "login \(logins.next())", raw: .null)
    }
    return (credentials, logins)
  }

  @Test func manyWhoAreRefusedLogInOnce() async throws {
    let (credentials, logins) = try renewing("old")
    let tokens = await withTaskGroup(of: String?.self) { group in
      for _ in 0..<32 { group.addTask { await credentials.renewedToken(rejecting: "old") } }
      return await group.reduce(into: Set<String?>()) { $0.insert($1) }
    }
    #expect(tokens == ["login 1"])
    #expect(logins.count == 1)
    #expect(await credentials.token() == "login 1")
  }

  @Test func aRefusedTokenIsNotHandedOutAgain() async throws {
    let (credentials, logins) = try renewing("old")
    #expect(await credentials.renewedToken(rejecting: "old") == "login 1")
    #expect(await credentials.renewedToken(rejecting: "login 1") == "login 2")
    #expect(await credentials.renewedToken(rejecting: "old") == "login 2")
    #expect(logins.count == 2)
  }
}

/// Counts from several tasks.
final class Counter: Sendable {
  private let value = Mutex(0)

  var count: Int { value.withLock { $0 } }
  func next() -> Int {
    value.withLock { value in
      value += 1
      return value
    }
  }
}
