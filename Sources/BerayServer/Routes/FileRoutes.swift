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
        .fileContent, "Get a file, or a part of it", parameters: [path, range, ifNoneMatch],
        successes: [(200, bytes), (206, bytes), (304, "")], handle: content),
      Endpoint(
        .uploadFile, "Put a whole file", parameters: [path, ifMatch, ifNoneMatch], body: .bytes, handle: upload),
      Endpoint(.removeFile, "Remove a file or an empty directory", parameters: [path]) { call in
        let path = try call.path("path")
        try await perform(call) { try $0.remove(path) }
        return .json(["message": "Removed", "path": .string(path.text)])
      },
      Endpoint(
        .moveFile, "Rename a file or a directory; If-Match is of the file that is replaced", parameters: [ifMatch],
        body: .json(move)
      ) { call in
        let body = try await call.json()
        let (from, to, overwrite) = (try body.path("from"), try body.path("to"), try body.flag("overwrite"))
        let wanted = call.header(.ifMatch)
        try await perform(call) { try $0.move(from, to: to, overwrite: overwrite, ifMatch: wanted) }
        return .json(["message": "Moved", "path": .string(to.text)])
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

  /// Runs what blocks on the work directory of the call's task, the query for the task included, on a thread that may.
  private func perform<Result: Sendable>(
    _ call: Call, _ body: @escaping @Sendable (WorkDirectory) throws -> Result
  ) async throws -> Result {
    try await services.threads.runIfActive { [services] in
      guard let account = call.account, let id = call.task, try services.store.owner(ofTask: id) == account.id else {
        throw HTTPFailure.notFound("Task not found")
      }
      return try body(services.dataDirectory.paths(of: id).work)
    }
  }

  private func tree(_ call: Call) async throws -> Response {
    let (path, recursive) = (try call.path("path", otherwise: "."), try call.flag("recursive"))
    return .json(try await perform(call) { try DirectoryListing.json(of: path, in: $0, recursive: recursive) })
  }

  private func content(_ call: Call) async throws -> Response {
    let path = try call.path("path")
    let (range, known) = (call.header(.range), call.header(.ifNoneMatch))
    let ifRange = call.header(.ifRange)
    let content = try await perform(call) { work in
      try FileContent(path, in: work, range: range, ifRange: ifRange, ifNoneMatch: known)
    }
    return content.response(services, call.use)
  }

  private func upload(_ call: Call) async throws -> Response {
    let path = try call.path("path")
    let condition = FileUpload.Condition(ifMatch: call.header(.ifMatch), ifNoneMatch: call.header(.ifNoneMatch))
    let limit = services.maximumUpload
    if let length = call.header(.contentLength).flatMap({ Int64($0) }), length > limit { throw tooLarge(limit) }
    var upload: FileUpload?
    var total: Int64 = 0
    var batch: [ByteBuffer] = []
    var batched = 0
    // One trip to a thread for each half mebibyte; a small file needs one alone.
    for try await buffer in call.request.body {
      total += Int64(buffer.readableBytes)
      guard total <= limit else { throw tooLarge(limit) }
      batch.append(buffer)
      batched += buffer.readableBytes
      guard batched >= 512 * 1024 else { continue }
      upload = try await perform(call) { [batch, upload] work in
        try (upload ?? FileUpload(to: path, in: work)).writing(batch)
      }
      (batch, batched) = ([], 0)
    }
    let version = try await perform(call) { [batch, upload] work in
      try (upload ?? FileUpload(to: path, in: work)).writing(batch).commit(condition)
    }
    var response = Response.json([
      "message": "File uploaded", "path": .string(path.text), "size": JSON(version.size),
      "modified": .string(version.modified.iso8601(fractionDigits: 9)), "mode": JSON(version.mode),
      "etag": .string(version.etag),
    ])
    response.headers[.eTag] = version.etag
    return response
  }

  private func tooLarge(_ limit: Int64) -> HTTPFailure {
    HTTPFailure(.contentTooLarge, "A file may have at most \(limit) bytes")
  }

  private func setAttributes(_ call: Call) async throws -> Response {
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
    return .json([
      "message": "Attributes set", "path": .string(path.text), "size": JSON(version.size),
      "modified": .string(version.modified.iso8601(fractionDigits: 9)), "mode": JSON(version.mode),
      "etag": .string(version.etag),
    ])
  }

  private func download(_ call: Call) async throws -> Response {
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
      // A small archive is whole at once and needs no second trip to a thread.
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

extension FileUpload {
  /// The same upload, with what `buffers` hold at its end.
  fileprivate func writing(_ buffers: [ByteBuffer]) throws -> FileUpload {
    for buffer in buffers { try buffer.withUnsafeReadableBytes(write) }
    return self
  }
}

extension HTTPField.Name {
  static let ifRange = HTTPField.Name("If-Range")!
}
