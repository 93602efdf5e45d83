public import BerayAPI
internal import HTTPTypes

extension BerayClient {
  /// Lists a directory in a task's work directory. ``BerayAPI/FileEntry/children`` are set if the server sent them.
  /// ```swift
  /// for entry in try await client.fileTree(of: id, path: "src") { print(entry.name, entry.size ?? 0) }
  /// ```
  /// - Parameters:
  ///   - id: the task.
  ///   - path: relative to the work directory; "." is the work directory itself.
  ///   - recursive: asks for the whole subtree. Servers without `Capabilities.recursiveTree` ignore it.
  public func fileTree(
    of id: TaskID, path: String = ".", recursive: Bool = false
  ) async throws(BerayError) -> [FileEntry] {
    var query = [(name: "path", value: path)]
    if recursive { query.append((name: "recursive", value: "true")) }
    let call = Call(.fileTree, task: id, query: query)
    let answer = try await calls.answer(to: call).body
    do {
      return try FileEntry.list(
        parsing: answer, requestedPath: path, recursive: recursive, keepsRaw: answer.count <= Self.rawListingLimit)
    } catch let error as JSONError {
      throw call.notJSON(error)
    } catch {
      throw BerayError(.invalidResponse, detail: "\(error)", operation: call.operation)
    }
  }

  /// The longest listing, in bytes, whose entries keep their raw JSON.
  private static let rawListingLimit = 4 << 20

  /// Downloads a file. Read the body, or release it to end the transfer.
  /// ```swift
  /// let text = try await client.fileContent(of: id, path: "a.txt").body.collect(upTo: 1 << 20)
  /// ```
  /// - Parameters:
  ///   - id: the task.
  ///   - path: relative to the work directory.
  ///   - range: the bytes to fetch, at least one. A server may send the whole file instead; check
  ///     ``FileContent/offset``.
  ///   - etag: the version that the caller has. If it is still current, ``FileContent/isUnchanged`` is true.
  public func fileContent(
    of id: TaskID, path: String, range: ByteRange? = nil, ifNoneMatch etag: String? = nil
  ) async throws(BerayError) -> FileContent {
    var call = Call(.fileContent, task: id, query: [(name: "path", value: path)])
    if let range { call.headers[.range] = try Self.header(range, operation: call.operation) }
    if let etag { call.headers[.ifNoneMatch] = etag }
    var response = try await transfer(call)
    if response.status == 206, ContentRange(headers: response.headers) == nil {
      throw BerayError(
        .invalidResponse, detail: "the server sent part of a file without saying which part", operation: call.operation)
    }
    if let encoding = response.headers[.contentEncoding]?.lowercased(),
      response.status == 206 || !["identity", "gzip", "x-gzip", "deflate"].contains(encoding)
    {
      throw BerayError(
        .invalidResponse,
        detail: "the answer is encoded as \(ShownText.escaped(encoding)), though the request asked for plain bytes",
        operation: call.operation)
    }
    response.body = resuming(response, of: call)
    return FileContent(response)
  }

  /// Creates or replaces a file.
  /// ```swift
  /// let receipt = try await client.uploadFile(to: id, path: "a.txt", content: .text("hello\n"))
  /// // Only where nobody changed it meanwhile:
  /// if let etag = receipt.etag {
  ///   _ = try await client.uploadFile(
  ///     to: id, path: "a.txt", content: .text("hello again\n"), when: .matching(etag: etag))
  /// }
  /// ```
  /// - Parameters:
  ///   - id: the task.
  ///   - path: relative to the work directory.
  ///   - content: the new content.
  ///   - contentType: the media type; nil guesses it from the name.
  ///   - condition: a condition on the file; nil means no condition.
  /// - Throws: an error with the status 412 if the condition does not hold. A try whose answer was lost is repeated, so
  ///   the conflicting version may be this upload's own.
  public func uploadFile(
    to id: TaskID, path: String, content: UploadBody, contentType: String? = nil,
    when condition: VersionCondition? = nil
  ) async throws(BerayError) -> UploadReceipt {
    let progress = UploadProgress(now: configuration.now)
    let body = Call.Body.upload(content, contentType: contentType ?? ContentType.guess(path: path), progress)
    let call = Call(
      .uploadFile, task: id, query: [(name: "path", value: path)], body: body, headers: condition?.headers ?? [:])
    return try await upload(call, progress)
  }

  /// Sends an upload, for as long as bytes move, and reads the receipt.
  func upload(_ call: Call, _ progress: UploadProgress) async throws(BerayError) -> UploadReceipt {
    let limit = configuration.timeouts.stall
    return try await calls.counted { () async throws(BerayError) in
      try await racing(
        {
          try await progress.stall(of: limit)
          return BerayError(.timedOut, detail: "nothing moved for \(limit)", operation: call.operation)
        }, operation: call.operation
      ) { () async throws(BerayError) in
        try await self.calls.send(call, within: limit, after: progress) { response throws(BerayError) in
          let answer = try call.json(try await response.body.collect(upTo: 1 << 20))
          return UploadReceipt(answer, headers: response.headers)
        }
      }
    }
  }

  /// Downloads a ZIP of `paths`, or of the whole work directory if `paths` is empty.
  /// ```swift
  /// for try await piece in try await client.archive(of: id, paths: ["src"]).body { print(piece.count) }
  /// ```
  public func archive(of id: TaskID, paths: [String] = []) async throws(BerayError) -> FileContent {
    FileContent(try await transfer(Call(.downloadFiles, task: id, body: .json(RequestBody.download(paths: paths)))))
  }

  /// The header cannot express an empty range.
  private static func header(_ range: ByteRange, operation: String) throws(BerayError) -> String {
    let (end, isTooFar) = range.offset.addingReportingOverflow(range.count)
    guard range.offset >= 0, range.count > 0, !isTooFar else {
      throw BerayError(.invalidRequest, detail: "the range has no bytes", operation: operation)
    }
    return RangeHeader.from(range.offset, through: end - 1).text
  }

  /// Starts a download that fails when it stalls.
  func transfer(_ call: Call) async throws(BerayError) -> TransportResponse {
    let timeouts = configuration.timeouts
    return try await calls.stream(call, head: timeouts.stall, progress: timeouts.progress, within: timeouts.stall)
  }
}
