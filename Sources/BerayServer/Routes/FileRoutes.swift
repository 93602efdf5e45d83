internal import BerayAPI
internal import HTTPTypes
internal import Hummingbird
internal import NIOCore
internal import NIOPosix

/// `tasks/{task_id}/files/…`.
struct FileRoutes: Sendable {
  let services: Services

  var endpoints: [Endpoint] {
    let path = Endpoint.Parameter(name: "path", place: .query, isRequired: true)
    let optionalPath = Endpoint.Parameter(name: "path", place: .query)
    let recursive = Endpoint.Parameter(name: "recursive", place: .query, type: "boolean")
    let range = Endpoint.Parameter(name: "Range", place: .header)
    let ifMatch = Endpoint.Parameter(name: "If-Match", place: .header)
    let ifNoneMatch = Endpoint.Parameter(name: "If-None-Match", place: .header)
    let key = Endpoint.Parameter(name: HeaderName.idempotencyKey, place: .header)
    let paths = Endpoint.Property(
      name: "paths", schema: ["type": "array", "items": ["type": "string"]], isRequired: false)
    let move: [Endpoint.Property] = [
      .init(name: "from", schema: ["type": "string"]), .init(name: "to", schema: ["type": "string"]),
      .init(name: "overwrite", schema: ["type": "boolean", "default": false], isRequired: false),
    ]
    let attributes: [Endpoint.Property] = [
      .init(name: "mode", schema: ["type": ["integer", "null"]], isRequired: false),
      .init(name: "modified", schema: ["type": ["string", "null"], "format": "date-time"], isRequired: false),
    ]
    let bytes = "application/octet-stream"
    return [
      Endpoint(.fileTree, "List a directory", parameters: [optionalPath, recursive], handle: tree),
      Endpoint(
        .fileContent, "Get a file, or a part of it", parameters: [path, range, ifMatch, ifNoneMatch],
        successes: [(200, bytes), (206, bytes), (304, "")], handle: content),
      Endpoint(
        .uploadFile, "Put a whole file", parameters: [path, ifMatch, ifNoneMatch], body: .bytes, handle: upload),
      Endpoint(
        .appendFile, "Add to the end of a file, once for each Idempotency-Key",
        parameters: [path, ifMatch, ifNoneMatch, key],
        body: .bytes, handle: append),
      Endpoint(.removeFile, "Remove a file or an empty directory", parameters: [path, ifMatch]) { call in
        let path = try call.path("path")
        let wanted = call.header(.ifMatch)
        try await perform(call) { try $0.remove(path, ifMatch: wanted) }
        return .json(["message": "Removed", "path": .string(path.text)])
      },
      Endpoint(
        .moveFile, "Rename a file or a directory; If-Match is of the file that is replaced", parameters: [ifMatch],
        body: .json(move)
      ) { call in
        let body = try await call.json()
        let (from, to, overwrite) = (try body.path("from"), try body.path("to"), try body.flag("overwrite"))
        let wanted = call.header(.ifMatch)
        let version = try await perform(call) { try $0.move(from, to: to, overwrite: overwrite, ifMatch: wanted) }
        guard let version else { return .json(["message": "Moved", "path": .string(to.text)]) }
        return .json(.object([JSON.Member("message", "Moved")] + Self.members(of: version, at: to)))
      },
      Endpoint(
        .makeDirectory, "Make a directory", body: .json([.init(name: "path", schema: ["type": "string"])])
      ) { call in
        let path = try await call.json().path("path")
        try await perform(call) { try $0.makeDirectory(path) }
        return .json(["message": "Directory made", "path": .string(path.text)])
      },
      Endpoint(
        .setAttributes, "Set permissions and time of modification", parameters: [path, ifMatch],
        body: .json(attributes),
        handle: setAttributes),
      Endpoint(
        .downloadFiles, "Get files as a ZIP", body: .json([paths]), successes: [(200, "application/zip")],
        handle: download),
    ]
  }

  /// Runs blocking work on the work directory of the call's task, on a thread of the pool. Looks the task up there too.
  private func perform<Result: Sendable>(
    _ call: IncomingCall, _ body: @escaping @Sendable (AgentDirectory) throws -> Result
  ) async throws -> Result {
    while true {
      do {
        return try await services.threads.runIfActive { [services] in
          guard let account = call.account, let id = call.task, try services.store.owner(ofTask: id) == account.id
          else { throw HTTPFailure.notFound("Task not found") }
          return try body(services.dataDirectory.paths(of: id).work)
        }
      } catch let busy as FileBusy {
        // Wait without occupying a thread: the other request may take a while.
        await busy.file.whenFree()
      }
    }
  }

  private func tree(_ call: IncomingCall) async throws -> Response {
    let (path, recursive) = (try call.path("path", otherwise: "."), try call.flag("recursive"))
    return .json(try await perform(call) { try DirectoryListing.json(of: path, in: $0, recursive: recursive) })
  }

  private func content(_ call: IncomingCall) async throws -> Response {
    let path = try call.path("path")
    // Only GET has ranges (RFC 9110 §14.2).
    let range = call.request.method == .get ? call.header(.range) : nil
    let (ifRange, condition) = (call.header(.ifRange), call.condition)
    let content = try await perform(call) { work in
      try FileResponse(path, in: work, range: range, ifRange: ifRange, condition: condition)
    }
    return content.response(services, call.use)
  }

  private func upload(_ call: IncomingCall) async throws -> Response {
    let path = try call.path("path")
    let condition = call.condition
    var upload: FileUpload?
    let last = try await gather(call) { pieces in
      upload = try await perform(call) { [upload] work in
        try Self.write(pieces, to: upload ?? FileUpload(to: path, in: work))
      }
    }
    // A small file needs only one trip to a thread.
    let first = try await perform(call) { [upload] work -> (FileUpload, StoredVersion?) in
      let whole = try Self.write(last, to: upload ?? FileUpload(to: path, in: work))
      do { return (whole, try whole.commit(condition)) } catch is FileBusy { return (whole, nil) }
    }
    let version: StoredVersion
    if let done = first.1 {
      version = done
    } else {
      version = try await perform(call) { _ in try first.0.commit(condition) }
    }
    let members = [JSON.Member("message", "File uploaded")] + Self.members(of: version, at: path)
    var response = Response.json(.object(members))
    response.headers[.eTag] = version.etag
    return response
  }

  private func append(_ call: IncomingCall) async throws -> Response {
    let path = try call.path("path")
    let condition = call.condition
    var pending: FileAppend?
    var fingerprint = Hasher()
    let last = try await gather(call) { pieces in
      for piece in pieces { piece.withUnsafeReadableBytes { fingerprint.combine(bytes: $0) } }
      pending = try await perform(call) { [pending] work in
        try Self.add(pieces, to: pending ?? FileAppend(to: path, in: work))
      }
    }
    for piece in last { piece.withUnsafeReadableBytes { fingerprint.combine(bytes: $0) } }
    fingerprint.combine(path.bytes)
    let answer = try await once(call, fingerprint: fingerprint.finalize()) { [pending] () async throws -> [UInt8] in
      let whole = try await perform(call) { work in try Self.add(last, to: pending ?? FileAppend(to: path, in: work)) }
      let (version, offset) = try await perform(call) { _ in try whole.commit(condition) }
      let members = [JSON.Member("message", "Appended")] + Self.members(of: version, at: path)
      return JSON.object(members + [.init("offset", JSON(offset))]).serializedBytes()
    }
    return .json(answer)
  }

  /// Runs `body`, or returns the answer of an earlier request with the same `Idempotency-Key`.
  private func once(
    _ call: IncomingCall, fingerprint: Int, _ body: () async throws -> [UInt8]
  ) async throws -> [UInt8] {
    guard let text = call.header(.idempotencyKey), let account = call.account, let task = call.task else {
      return try await body()
    }
    guard !text.isEmpty, text.utf8.count <= 255 else {
      throw HTTPFailure.badRequest("An Idempotency-Key has 1 to 255 bytes")
    }
    let key = RecentAnswers.Key(account: account.id, task: task, text: text)
    switch await services.appends.claim(key, fingerprint: fingerprint) {
    case .answered(let answer): return answer
    case .isOther:
      throw HTTPFailure.unprocessable(
        ["header", .string(HeaderName.idempotencyKey)], type: "value_error", "The key was used for another request")
    case .isNew:
      do {
        let answer = try await body()
        services.appends.finish(key, answer: answer)
        return answer
      } catch {
        services.appends.finish(key, answer: nil)
        throw error
      }
    }
  }

  /// Reads a body and passes it to `take`, half a mebibyte at a time.
  /// - Returns: the rest at the end of the body.
  private func gather(_ call: IncomingCall, _ take: ([ByteBuffer]) async throws -> Void) async throws -> [ByteBuffer] {
    let limit = services.maximumUpload
    if let length = call.header(.contentLength).flatMap({ Int64($0) }), length > limit { throw tooLarge(limit) }
    var total: Int64 = 0
    var batch: [ByteBuffer] = []
    var batched = 0
    try await call.pieces { buffer in
      total += Int64(buffer.readableBytes)
      guard total <= limit else { throw tooLarge(limit) }
      batch.append(buffer)
      batched += buffer.readableBytes
      guard batched >= 512 * 1024 else { return }
      try await take(batch)
      (batch, batched) = ([], 0)
    }
    return batch
  }

  private func tooLarge(_ limit: Int64) -> HTTPFailure {
    HTTPFailure(.contentTooLarge, "A file may have at most \(limit) bytes")
  }

  private func setAttributes(_ call: IncomingCall) async throws -> Response {
    let path = try call.path("path")
    let body = try await call.json()
    var mode: UInt16?
    if let value = body.json["mode"], value != .null {
      guard case .number = value, let number = value.intValue, (0...0o7777).contains(number) else {
        throw body.complaint("mode", "int_type", "Input should be the permission bits as an integer")
      }
      mode = UInt16(number)
    }
    var modified: UTCTime?
    if let value = body.json["modified"], value != .null {
      guard let time = UTCTime(json: value) else {
        throw body.complaint("modified", "datetime_type", "Input should be a valid datetime")
      }
      modified = time
    }
    let wanted = call.header(.ifMatch)
    let version = try await perform(call) { [mode, modified] in
      try $0.setAttributes(path, mode: mode, modified: modified, ifMatch: wanted)
    }
    return .json(.object([JSON.Member("message", "Attributes set")] + Self.members(of: version, at: path)))
  }

  private func download(_ call: IncomingCall) async throws -> Response {
    let body = try await call.json()
    var paths: [RelativePath] = []
    if let value = body.json["paths"], value != .null {
      guard let list = value.arrayValue else {
        throw body.complaint("paths", "list_type", "Input should be a valid list")
      }
      for item in list {
        guard let text = item.stringValue else {
          throw body.complaint("paths", "string_type", "Input should be a valid string")
        }
        paths.append(try RelativePath(text))
      }
    }
    let wanted = paths
    let (source, first) = try await perform(call) { work in
      let source = try ArchiveSource(wanted, in: work)
      // A small archive is complete at once and needs no second trip to a thread.
      return (source, try source.next(atLeast: 1 << 20))
    }
    let headers: HTTPFields = [
      .contentType: "application/zip", .contentDisposition: "attachment; filename=\"files.zip\"",
    ]
    if source.isFinished {
      return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: first)))
    }
    let (services, use) = (services, call.use)
    return Response(
      status: .ok, headers: headers,
      body: ResponseBody { writer in
        try await writer.write(ByteBuffer(bytes: first))
        while !source.isFinished {
          let piece = try await services.threads.runIfActive { try source.next(atLeast: 256 * 1024) }
          if !piece.isEmpty { try await writer.write(ByteBuffer(bytes: piece)) }
        }
        try await writer.finish(nil)
        withExtendedLifetime(use) {}
      })
  }
}

extension HTTPField.Name {
  fileprivate static let idempotencyKey = HTTPField.Name(HeaderName.idempotencyKey)!
  fileprivate static let ifRange = HTTPField.Name(HeaderName.ifRange)!
}
