public import BerayAPI
internal import HTTPTypes

// Endpoints beyond those of the SDK. `capabilities()` tells which of them a server has.
extension BerayClient {
  /// Removes a file or an empty directory. Needs `Capabilities.remove`.
  /// ```swift
  /// try await client.removeFile(of: id, path: "a.txt")
  /// ```
  public func removeFile(of id: TaskID, path: String) async throws(BerayError) {
    _ = try await calls.answer(to: Call(.removeFile, task: id, query: [(name: "path", value: path)]))
  }

  /// Renames a file or a directory. Needs `Capabilities.move`.
  /// ```swift
  /// try await client.moveFile(of: id, from: "a.txt", to: "b.txt", overwrite: false)
  /// ```
  /// - Parameters:
  ///   - id: the task.
  ///   - from: the current path.
  ///   - to: the new path.
  ///   - overwrite: whether to replace an existing file at `to`.
  ///   - condition: a condition on the file that is replaced. It needs `Capabilities.conditionalMoves`.
  /// - Returns: the version of the moved file, as far as the server sent it.
  /// - Throws: ``BerayError/Code/conflict`` if `to` exists and `overwrite` is false; an error with the status 412 if
  ///   the condition does not hold.
  @discardableResult
  public func moveFile(
    of id: TaskID, from: String, to: String, overwrite: Bool, when condition: VersionCondition? = nil
  ) async throws(BerayError) -> UploadReceipt {
    let body = RequestBody.move(from: from, to: to, overwrite: overwrite)
    let call = Call(.moveFile, task: id, body: .json(body), headers: condition?.headers ?? [:])
    let answer = try await calls.answer(to: call)
    return UploadReceipt((try? call.json(answer.body)) ?? .null, headers: answer.headers)
  }

  /// Appends bytes to a file, and creates it if it is missing. Needs `Capabilities.append`.
  ///
  /// Concurrent appends do not overwrite each other.
  /// ```swift
  /// _ = try await client.appendFile(
  ///   to: id, path: "log", content: .text("one line\n"), key: UUID().uuidString)
  /// ```
  /// - Parameters:
  ///   - id: the task.
  ///   - path: relative to the work directory.
  ///   - content: the bytes to append.
  ///   - key: a unique name for this append, such as a UUID. The server appends once for each key, so a retry after a
  ///     lost answer is safe.
  ///   - condition: a condition on the file; nil means no condition.
  /// - Throws: an error with the status 412 if the condition does not hold.
  public func appendFile(
    to id: TaskID, path: String, content: UploadBody, key: String, when condition: VersionCondition? = nil
  ) async throws(BerayError) -> AppendReceipt {
    let progress = UploadProgress(now: configuration.now)
    var headers = condition?.headers ?? [:]
    headers[.idempotencyKey] = key
    let call = Call(
      .appendFile, task: id, query: [(name: "path", value: path)],
      body: .upload(content, contentType: "application/octet-stream", progress), headers: headers)
    let receipt = try await upload(call, progress)
    return AppendReceipt(file: receipt, offset: receipt.raw["offset"]?.intValue)
  }

  /// Creates a directory. Needs `Capabilities.makeDirectory`.
  /// ```swift
  /// try await client.makeDirectory(of: id, path: "src")
  /// ```
  /// - Throws: ``BerayError/Code/conflict`` if `path` exists.
  public func makeDirectory(of id: TaskID, path: String) async throws(BerayError) {
    _ = try await calls.answer(to: Call(.makeDirectory, task: id, body: .json(RequestBody.makeDirectory(path: path))))
  }

  /// Sets the permission bits and the modification time. Needs `Capabilities.attributes`.
  /// ```swift
  /// try await client.setAttributes(of: id, path: "run.sh", mode: 0o755, modified: nil)
  /// ```
  /// - Parameters:
  ///   - id: the task.
  ///   - path: relative to the work directory.
  ///   - mode: the permission bits; nil leaves them unchanged.
  ///   - modified: the modification time; nil leaves it unchanged.
  ///   - condition: a condition on the file; nil means no condition.
  /// - Returns: the new version of the file, as far as the server sent it.
  /// - Throws: an error with the status 412 if the condition does not hold.
  @discardableResult
  public func setAttributes(
    of id: TaskID, path: String, mode: UInt16?, modified: UTCTime?, when condition: VersionCondition? = nil
  ) async throws(BerayError) -> UploadReceipt {
    let body = RequestBody.attributes(mode: mode, modified: modified)
    let call = Call(
      .setAttributes, task: id, query: [(name: "path", value: path)], body: .json(body),
      headers: condition?.headers ?? [:])
    let answer = try await calls.answer(to: call)
    return UploadReceipt((try? call.json(answer.body)) ?? .null, headers: answer.headers)
  }
}
