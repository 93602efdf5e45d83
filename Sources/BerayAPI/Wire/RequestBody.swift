/// The bodies of requests.
public enum RequestBody {
  public static func verificationCode(email: String) -> JSON {
    ["email": JSON(email)]
  }

  public static func register(email: String, verificationCode: String, password: String) -> JSON {
    ["email": JSON(email), "verification_code": JSON(verificationCode), "password": JSON(password)]
  }

  public static func login(email: String, password: String) -> JSON {
    ["email": JSON(email), "password": JSON(password)]
  }

  /// The OAuth2 password form (RFC 6749 §4.3.2, `application/x-www-form-urlencoded`). The email address is the user
  /// name.
  public static func loginForm(email: String, password: String) -> String {
    "username=\(formEncoded(email))&password=\(formEncoded(password))"
  }

  /// - Parameter token: the `id` of the token.
  package static func revokeToken(_ token: String) -> JSON {
    ["id": .string(token)]
  }

  /// Both passwords in plain text.
  package static func changePassword(from password: String, to new: String) -> JSON {
    ["password": .string(password), "new_password": .string(new)]
  }

  /// The email address names the user.
  package static func resetPassword(of email: String, to new: String) -> JSON {
    ["email": .string(email), "new_password": .string(new)]
  }

  /// - Parameters:
  ///   - goal: the goal for the agent, in plain language.
  ///   - tools: sent unchanged; nil is sent as null.
  public static func createTask(goal: String, tools: [JSON]?) -> JSON {
    createTask(TaskRequest(goal: goal, tools: tools))
  }

  /// `tools` is sent as null if nil. Other members that are nil are not sent.
  public static func createTask(_ request: TaskRequest) -> JSON {
    var members = [
      JSON.Member("goal", JSON(request.goal)), JSON.Member("tools", request.tools.map { .array($0) } ?? .null),
    ]
    if let agent = request.agent { members.append(JSON.Member("agent", JSON(agent))) }
    if let from = request.from { members.append(JSON.Member("from", JSON(from))) }
    if !request.files.isEmpty { members.append(JSON.Member("files", .array(request.files.map { JSON($0) }))) }
    if request.leavesIgnoredOut { members.append(JSON.Member("gitignore", true)) }
    return .object(members)
  }

  /// - Parameter paths: the paths to download; empty means everything.
  public static func download(paths: [String]) -> JSON {
    ["paths": .array(paths.map { JSON($0) })]
  }

  public static func move(from: String, to: String, overwrite: Bool) -> JSON {
    ["from": JSON(from), "to": JSON(to), "overwrite": JSON(overwrite)]
  }

  public static func makeDirectory(path: String) -> JSON {
    ["path": JSON(path)]
  }

  /// `mode` is sent as a number (420 is 0644), `modified` as ISO 8601 with nanoseconds. A nil member is not sent, so
  /// the attribute stays unchanged.
  public static func attributes(mode: UInt16?, modified: UTCTime?) -> JSON {
    var members: [JSON.Member] = []
    if let mode { members.append(JSON.Member("mode", JSON(mode))) }
    if let modified { members.append(JSON.Member("modified", JSON(modified.iso8601()))) }
    return .object(members)
  }

  /// Encodes text for `application/x-www-form-urlencoded`.
  public static func formEncoded(_ text: String) -> String {
    text.split(separator: "/", omittingEmptySubsequences: false).map { Route.percentEncoded(String($0)) }
      .joined(separator: "%2F")
  }
}
