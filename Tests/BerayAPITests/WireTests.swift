import BerayAPI
import Testing

@Suite struct WireTests {
  @Test func pathsAreTheSDKs() {
    let id = TaskID(rawValue: 7)
    #expect(Route.createTask.path() == "tasks/")
    #expect(Route.getTask.path(for: id) == "tasks/7")
    #expect(Route.fileTree.path(for: id) == "tasks/7/files/tree")
    #expect(Route.uploadFile.method == "PUT")
    #expect(Route.setAttributes.method == "PATCH")
    #expect(Set(Route.allCases.map { "\($0.method) \($0.template)" }).count == Route.allCases.count)
  }

  @Test func encodesQueries() {
    #expect(
      Route.query([("path", "a b/é&+#%?.txt"), ("recursive", "true")])
        == "?path=a%20b/%C3%A9%26%2B%23%25%3F.txt&recursive=true")
    #expect(Route.query([]) == "")
    #expect(Route.percentEncoded("\0\n~-_.") == "%00%0A~-_.")
  }

  @Test func writesBodies() {
    #expect(RequestBody.createTask(goal: "g", tools: nil).serialized() == #"{"goal":"g","tools":null}"#)
    #expect(
      RequestBody.createTask(goal: "g", tools: ["a", ["web": ["url": "x"]]]).serialized()
        == #"{"goal":"g","tools":["a",{"web":{"url":"x"}}]}"#)
    #expect(RequestBody.download(paths: []).serialized() == #"{"paths":[]}"#)
    #expect(RequestBody.loginForm(email: "a+b@c.d", password: "p&/ =") == "username=a%2Bb%40c.d&password=p%26%2F%20%3D")
    #expect(
      RequestBody.attributes(mode: 0o644, modified: UTCTime(seconds: 1_767_323_045, nanoseconds: 7)).serialized()
        == #"{"mode":420,"modified":"2026-01-02T03:04:05.000000007Z"}"#)
    #expect(RequestBody.attributes(mode: nil, modified: nil).serialized() == "{}")
    #expect(RequestBody.revokeToken("3f2a").serialized() == #"{"id":"3f2a"}"#)
    #expect(
      RequestBody.changePassword(from: "p", to: "q").serialized() == #"{"password":"p","new_password":"q"}"#)
    #expect(
      RequestBody.resetPassword(of: "a@b.c", to: "q").serialized() == #"{"email":"a@b.c","new_password":"q"}"#)
  }

  @Test(arguments: [("a=%+1", "% 1"), ("a=%2", "%2"), ("a=%zz", "%zz"), ("a=%41+b", "A b"), ("a=%C3%A9", "\u{E9}")])
  func formsAreDecodedStrictly(_ text: String, _ value: String) {
    #expect(FormFields(text)["a"] == value)
  }

  @Test func formsAndQueriesAreReadAsWritten() {
    let (email, password) = ("a+b@c.d", "p&/ =%41é\0")
    let form = FormFields(RequestBody.loginForm(email: email, password: password))
    #expect(form["username"] == email)
    #expect(form["password"] == password)
    #expect(form["none"] == nil)
    let query = FormFields(String(Route.query([("path", password), ("empty", "")]).dropFirst()))
    #expect(query["path"] == password)
    #expect(query["empty"] == "")
  }

  @Test(arguments: [
    ("plain é 你", "plain é 你"), ("a\u{1b}[31mb", "a\\x1b[31mb"), ("a\nb\r\n\t", "a\\nb\\r\\n\\t"),
    ("\u{9b}31m\u{7f}\u{0}", "\\x9b31m\\x7f\\x00"),
    ("\u{202e}x\u{2028}", "\\u{202e}x\\u{2028}"), ("C:\\x", "C:\\x"),
  ])
  func showsText(text: String, shown: String) {
    #expect(ShownText.escaped(text) == shown)
  }
}
