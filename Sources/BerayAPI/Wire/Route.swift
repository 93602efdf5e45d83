/// The operations of the API, with their methods and paths. Client and server share them.
public enum Route: String, CaseIterable, Hashable, Sendable {
  case requestVerificationCode
  case register
  case login
  case loginWithForm
  case logout
  case currentUser
  case createTask
  case listTasks
  case getTask
  case streamTask
  case stopTask
  case deleteTask
  case fileTree
  case fileContent
  case uploadFile
  case downloadFiles
  case removeFile
  case moveFile
  case makeDirectory
  case setAttributes
  case appendFile
  case listTokens
  case revokeToken
  case changePassword
  case listUsers
  case resetPassword

  /// The path before every ``template``.
  public static let prefix = "/api/v1/"
  /// The path of the server's OpenAPI document, from its root.
  public static let openAPIPath = "/openapi.json"

  /// The path after ``prefix``, with `:id` for the task's id. The final slash of `tasks/` is needed, because a server
  /// may redirect without it.
  public var template: String {
    switch self {
    case .requestVerificationCode: "auth/request-verification-code"
    case .register: "auth/register"
    case .login: "auth/login"
    case .loginWithForm: "auth/token"
    case .logout: "auth/logout"
    case .currentUser: "users/me"
    case .createTask, .listTasks: "tasks/"
    case .getTask, .deleteTask: "tasks/:id"
    case .streamTask: "tasks/:id/stream"
    case .stopTask: "tasks/:id/stop"
    case .fileTree: "tasks/:id/files/tree"
    case .fileContent, .uploadFile, .removeFile: "tasks/:id/files/content"
    case .downloadFiles: "tasks/:id/files/download"
    case .moveFile: "tasks/:id/files/move"
    case .makeDirectory: "tasks/:id/files/directory"
    case .setAttributes: "tasks/:id/files/attributes"
    case .appendFile: "tasks/:id/files/append"
    case .listTokens: "auth/tokens"
    case .revokeToken: "auth/tokens/revoke"
    case .changePassword: "auth/password"
    case .listUsers: "admin/users"
    case .resetPassword: "admin/users/password"
    }
  }

  /// The HTTP method, in capitals.
  public var method: String {
    switch self {
    case .currentUser, .listTokens, .listUsers, .listTasks, .getTask, .streamTask, .fileTree, .fileContent: "GET"
    case .uploadFile: "PUT"
    case .deleteTask, .removeFile: "DELETE"
    case .setAttributes: "PATCH"
    default: "POST"
    }
  }

  /// Whether the operation handles credentials. Such bodies are secret, and a 401 does not trigger a new login.
  public var isAuthentication: Bool { template.hasPrefix("auth/") }

  /// The path after ``prefix``, with the id of `task`.
  public func path(for task: TaskID? = nil) -> String {
    guard let task else { return template }
    let parts = template.split(separator: ":id", maxSplits: 1, omittingEmptySubsequences: false)
    return parts.joined(separator: String(task.rawValue))
  }

  /// A query string with its `?`. Names and values are percent-encoded. Empty if there are no items.
  public static func query(_ items: [(name: String, value: String)]) -> String {
    guard !items.isEmpty else { return "" }
    return "?" + items.map { "\(percentEncoded($0.name))=\(percentEncoded($0.value))" }.joined(separator: "&")
  }

  /// Percent-encodes the UTF-8 bytes of a string. Unreserved characters (RFC 3986 §2.3) stay, and so does `/`, which is
  /// allowed in a query (§3.4).
  public static func percentEncoded(_ text: String) -> String {
    var encoded: [UInt8] = []
    let digits = Array("0123456789ABCDEF".utf8)
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "-"),
        UInt8(ascii: "."), UInt8(ascii: "/"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"),
        UInt8(ascii: "~"):
        encoded.append(byte)
      default:
        encoded += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    return String(decoding: encoded, as: UTF8.self)
  }
}
