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

  /// The OAuth2 form (RFC 6749 §4.3.2, `application/x-www-form-urlencoded`), whose user name is the email address.
  public static func loginForm(email: String, password: String) -> String {
    "username=\(formEncoded(email))&password=\(formEncoded(password))"
  }

  /// - Parameters:
  ///   - goal: what the agent is to do.
  ///   - tools: sent as null where nil; else as they are.
  public static func createTask(goal: String, tools: [JSON]?) -> JSON {
    createTask(TaskRequest(goal: goal, tools: tools))
  }

  /// Tools are sent as null where there are none; what else is nil is not sent.
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

  /// - Parameter paths: everything where empty.
  public static func download(paths: [String]) -> JSON {
    ["paths": .array(paths.map { JSON($0) })]
  }

  public static func move(from: String, to: String, overwrite: Bool) -> JSON {
    ["from": JSON(from), "to": JSON(to), "overwrite": JSON(overwrite)]
  }

  public static func makeDirectory(path: String) -> JSON {
    ["path": JSON(path)]
  }

  /// `mode` is a number (420 is 0644), `modified` ISO 8601 in nanoseconds; what is nil is not sent and stays as it is.
  public static func attributes(mode: UInt16?, modified: UTCTime?) -> JSON {
    var members: [JSON.Member] = []
    if let mode { members.append(JSON.Member("mode", JSON(mode))) }
    if let modified { members.append(JSON.Member("modified", JSON(modified.iso8601()))) }
    return .object(members)
  }

  /// Text as it stands in `application/x-www-form-urlencoded`.
  public static func formEncoded(_ text: String) -> String {
    text.split(separator: "/", omittingEmptySubsequences: false).map { Route.percentEncoded(String($0)) }
      .joined(separator: "%2F")
  }
}
