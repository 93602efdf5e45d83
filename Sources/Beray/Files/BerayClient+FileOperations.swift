public import BerayAPI
internal import HTTPTypes

// What servers have beyond the SDK's endpoints; `capabilities()` tells.
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
  ///   - from: the path of now.
  ///   - to: the new path.
  ///   - overwrite: whether a file that is there is replaced.
  ///   - condition: what must hold of the file that is replaced; for servers with
  ///     `Capabilities.conditionalMoves`.
  /// - Returns: the version that a file is then, as far as the server tells.
  /// - Throws: ``BerayError/Code/conflict`` if `to` is there and `overwrite` is false; an error with the status 412
  ///   where the condition does not hold.
  @discardableResult
  public func moveFile(
    of id: TaskID, from: String, to: String, overwrite: Bool, when condition: VersionCondition? = nil
  ) async throws(BerayError) -> UploadReceipt {
    let body = RequestBody.move(from: from, to: to, overwrite: overwrite)
    let call = Call(.moveFile, task: id, body: .json(body), headers: condition?.headers ?? [:])
    let answer = try await calls.answer(to: call)
    return UploadReceipt((try? call.json(answer.body)) ?? .null, headers: answer.headers)
  }

  /// Adds bytes at the end of a file, which is made if it is missing. Needs `Capabilities.append`.
  ///
  /// What others add meanwhile is kept: no append lands on another.
  /// ```swift
  /// _ = try await client.appendFile(
  ///   to: id, path: "log", content: .text("one line\n"), key: UUID().uuidString)
  /// ```
  /// - Parameters:
  ///   - id: the task.
  ///   - path: relative to the work directory.
  ///   - content: what goes up.
  ///   - key: names this append and no other, such as a UUID. A server appends once for each key, so a try whose answer
  ///     was lost is repeated.
  ///   - condition: what must hold of the file; nil: whatever holds.
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

  /// Makes a directory. Needs `Capabilities.makeDirectory`.
  /// ```swift
  /// try await client.makeDirectory(of: id, path: "src")
  /// ```
  /// - Throws: ``BerayError/Code/conflict`` if the name is taken.
  public func makeDirectory(of id: TaskID, path: String) async throws(BerayError) {
    _ = try await calls.answer(to: Call(.makeDirectory, task: id, body: .json(RequestBody.makeDirectory(path: path))))
  }

  /// Sets the permission bits and the time of modification; what is nil stays. Needs `Capabilities.attributes`.
  /// ```swift
  /// try await client.setAttributes(of: id, path: "run.sh", mode: 0o755, modified: nil)
  /// ```
  /// - Parameters:
  ///   - id: the task.
  ///   - path: relative to the work directory.
  ///   - mode: the permission bits; nil: they stay.
  ///   - modified: the time of modification; nil: it stays.
  ///   - condition: what must hold on the server; nil: whatever holds there.
  /// - Returns: the version that the file is then, as far as the server tells.
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

extension HTTPField.Name {
  /// Names a request, so that a server that gets it again does not do it again.
  static let idempotencyKey = HTTPField.Name("Idempotency-Key")!
}
