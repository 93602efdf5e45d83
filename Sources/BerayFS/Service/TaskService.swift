package import Beray
package import BerayAPI

/// What the file system asks of a BeRay server: the SDK's calls, as a seam that tests can replace.
///
/// ``Beray/BerayClient`` is the one that ships. Deadlines, retries and credentials are its business.
package protocol TaskService: Sendable {
  /// Where its calls run by preference; nil: anywhere.
  var executor: (any TaskExecutor)? { get }

  /// What the server offers beyond the SDK's endpoints, asked of it once. An error says nothing about the server.
  func capabilities() async throws(BerayError) -> Capabilities
  /// Has the next ``capabilities()`` ask the server again.
  func forgetCapabilities()
  func currentUser() async throws(BerayError) -> User

  func createTask(_ request: TaskRequest) async throws(BerayError) -> BerayTask
  func tasks() async throws(BerayError) -> [BerayTask]
  func task(_ id: TaskID) async throws(BerayError) -> BerayTask
  @discardableResult func stopTask(_ id: TaskID) async throws(BerayError) -> JSON
  @discardableResult func deleteTask(_ id: TaskID) async throws(BerayError) -> JSON
  /// The updates of a task from now on, or after `lastEventID`, until the server ends the stream.
  func updates(of id: TaskID, after lastEventID: String?) async throws(BerayError) -> TaskUpdates

  /// The entries of a directory in the work directory ("." is its top), with their ``FileEntry/children`` if the server
  /// sent them.
  func fileTree(of id: TaskID, path: String, recursive: Bool) async throws(BerayError) -> [FileEntry]
  func fileContent(
    of id: TaskID, path: String, range: ByteRange?, ifNoneMatch etag: String?
  ) async throws(BerayError) -> FileContent
  /// - Parameters:
  ///   - contentType: guessed from the name where nil.
  ///   - condition: the error has the status 412 where it does not hold; for servers with
  ///     `Capabilities.conditionalUploads`.
  func uploadFile(
    to id: TaskID, path: String, content: UploadBody, contentType: String?, when condition: VersionCondition?
  ) async throws(BerayError) -> UploadReceipt
  /// Adds bytes at the end of a file, which is made if it is missing; for servers with `Capabilities.append`.
  /// - Parameter key: names this append; the server does it once, however often it comes.
  func appendFile(
    to id: TaskID, path: String, content: UploadBody, key: String, when condition: VersionCondition?
  ) async throws(BerayError) -> AppendReceipt
  /// A ZIP of `paths`, or of everything where there are none.
  func archive(of id: TaskID, paths: [String]) async throws(BerayError) -> FileContent

  func removeFile(of id: TaskID, path: String) async throws(BerayError)
  /// - Parameter condition: what must hold of the file that is replaced; for servers with
  ///   `Capabilities.conditionalMoves`.
  /// - Returns: the version that a file is then, as far as the server tells.
  @discardableResult func moveFile(
    of id: TaskID, from: String, to: String, overwrite: Bool, when condition: VersionCondition?
  ) async throws(BerayError) -> UploadReceipt
  func makeDirectory(of id: TaskID, path: String) async throws(BerayError)
  /// - Parameter condition: as for an upload; for servers with `Capabilities.conditionalAttributes`.
  /// - Returns: the version that the file is then, as far as the server tells.
  @discardableResult func setAttributes(
    of id: TaskID, path: String, mode: UInt16?, modified: UTCTime?, when condition: VersionCondition?
  ) async throws(BerayError) -> UploadReceipt
}

extension TaskService {
  package var executor: (any TaskExecutor)? { nil }

  /// Nothing: a service that keeps no answer asks each time.
  package func forgetCapabilities() {}
}
