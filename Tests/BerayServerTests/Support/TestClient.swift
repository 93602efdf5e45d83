import BerayAPI
import Foundation
import Glibc

/// An HTTP/1.1 client of the simplest kind: one connection for one request, read to its end.
struct TestClient: Sendable {
  enum Place: Sendable {
    case port(Int)
    case socket(String)
  }

  struct Failure: Error {
    let reason: String
  }

  let place: Place
  var token: String?

  func get(_ path: String, headers: [String: String] = [:]) async throws -> TestResponse {
    try await send("GET", path, headers: headers)
  }

  func delete(_ path: String) async throws -> TestResponse { try await send("DELETE", path) }

  func put(_ path: String, _ body: [UInt8], headers: [String: String] = [:]) async throws -> TestResponse {
    try await send("PUT", path, headers: headers, body: body)
  }

  func post(_ path: String, _ json: JSON? = nil) async throws -> TestResponse {
    try await send("POST", path, body: json?.serializedBytes() ?? [])
  }

  func patch(_ path: String, _ json: JSON, headers: [String: String] = [:]) async throws -> TestResponse {
    try await send("PATCH", path, headers: headers, body: json.serializedBytes())
  }

  func send(
    _ method: String, _ path: String, headers: [String: String] = [:], body: [UInt8] = []
  ) async throws -> TestResponse {
    let connection = try await open(method, path, headers: headers, body: body)
    return try await offCooperativePool { try TestResponse(connection.readAll()) }
  }

  /// Sends a request and leaves its answer to be read piece by piece.
  func open(
    _ method: String, _ path: String, headers: [String: String] = [:], body: [UInt8] = []
  ) async throws -> TestConnection {
    var head = "\(method) \(path) HTTP/1.1\r\nConnection: close\r\nContent-Length: \(body.count)\r\n"
    var headers = headers
    if headers["Host"] == nil { headers["Host"] = "localhost" }
    if let token, headers["Authorization"] == nil { headers["Authorization"] = "Bearer \(token)" }
    for (name, value) in headers where !value.isEmpty { head += "\(name): \(value)\r\n" }
    let bytes = Array((head + "\r\n").utf8) + body
    return try await offCooperativePool { [place] in
      let connection = try TestConnection(place)
      try connection.send(bytes)
      return connection
    }
  }
}

/// One connection; calls block, for 30 s at most.
final class TestConnection: Sendable {
  private let socket: Int32

  init(_ place: TestClient.Place) throws {
    switch place {
    case .port(let port):
      socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
      var address = sockaddr_in()
      address.sin_family = sa_family_t(AF_INET)
      address.sin_port = in_port_t(port).bigEndian
      address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
      try connect(&address)
    case .socket(let path):
      socket = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
      var address = sockaddr_un()
      address.sun_family = sa_family_t(AF_UNIX)
      withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix(107)) }
      try connect(&address)
    }
    var limit = timeval(tv_sec: 30, tv_usec: 0)
    setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
  }

  deinit { Glibc.close(socket) }

  private func connect<Address>(_ address: inout Address) throws {
    let size = socklen_t(MemoryLayout<Address>.size)
    let result = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { Glibc.connect(socket, $0, size) }
    }
    guard result == 0 else { throw TestClient.Failure(reason: "connect: \(String(cString: strerror(errno)))") }
  }

  func send(_ bytes: [UInt8]) throws {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      // The server may answer and close before it has read all.
      guard count > 0 else { return }
      rest = rest.dropFirst(count)
    }
  }

  /// Waits for an answer, or the end; false where neither came.
  func isReadable(within limit: Duration) -> Bool {
    var waiting = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
    return poll(&waiting, 1, Int32(limit / .milliseconds(1))) > 0
  }

  /// - Returns: nil at the end.
  func read() throws -> [UInt8]? {
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    let count = recv(socket, &buffer, buffer.count, 0)
    guard count >= 0 else { throw TestClient.Failure(reason: "read: \(String(cString: strerror(errno)))") }
    return count == 0 ? nil : Array(buffer.prefix(count))
  }

  func readAll() throws -> [UInt8] {
    var bytes: [UInt8] = []
    while let piece = try read() { bytes += piece }
    return bytes
  }

  /// Reads until what came so far holds the text.
  func read(until text: String) async throws -> String {
    try await offCooperativePool {
      var bytes: [UInt8] = []
      while !String(decoding: bytes, as: UTF8.self).contains(text) {
        guard let piece = try self.read() else {
          throw TestClient.Failure(reason: "ended before \(text): \(String(decoding: bytes, as: UTF8.self))")
        }
        bytes += piece
      }
      return String(decoding: bytes, as: UTF8.self)
    }
  }
}

/// What a server answered.
struct TestResponse: Sendable {
  let status: Int
  let headers: [String: String]
  let body: [UInt8]

  init(_ bytes: [UInt8]) throws {
    let separator = Array("\r\n\r\n".utf8)
    guard let end = bytes.indices.first(where: { bytes[$0...].starts(with: separator) }) else {
      throw TestClient.Failure(reason: "no head: \(String(decoding: bytes, as: UTF8.self))")
    }
    let lines = String(decoding: bytes[..<end], as: UTF8.self).split(separator: "\r\n")
    status = Int(lines[0].split(separator: " ")[1]) ?? 0
    var headers: [String: String] = [:]
    for line in lines.dropFirst() {
      let parts = line.split(separator: ":", maxSplits: 1)
      headers[parts[0].lowercased()] = parts.count > 1 ? parts[1].trimmingCharacters(in: .whitespaces) : ""
    }
    self.headers = headers
    let rest = bytes[(end + 4)...]
    body = headers["transfer-encoding"] == "chunked" ? try Self.joined(rest) : Array(rest)
  }

  private static func joined(_ chunks: ArraySlice<UInt8>) throws -> [UInt8] {
    var body: [UInt8] = []
    var rest = chunks
    while let end = rest.firstIndex(of: UInt8(ascii: "\r")) {
      guard let size = Int(String(decoding: rest[rest.startIndex..<end], as: UTF8.self), radix: 16) else { break }
      if size == 0 { return body }
      rest = rest[(end + 2)...]
      body += rest.prefix(size)
      rest = rest.dropFirst(size + 2)
    }
    throw TestClient.Failure(reason: "the answer was cut")
  }

  var text: String { String(decoding: body, as: UTF8.self) }
  var json: JSON { (try? JSON(parsing: body)) ?? .null }
  var detail: String? { json["detail"]?.stringValue }

  /// The messages of an event stream: id and data.
  var messages: [(id: String?, json: JSON)] {
    text.components(separatedBy: "\n\n").compactMap { block in
      let fields = block.split(separator: "\n").map { $0.split(separator: ":", maxSplits: 1).map(String.init) }
      guard let data = fields.first(where: { $0.first == "data" })?.last,
        let json = try? JSON(parsing: data.trimmingCharacters(in: .whitespaces))
      else { return nil }
      return (fields.first { $0.first == "id" }?.last?.trimmingCharacters(in: .whitespaces), json)
    }
  }
}

/// Runs what blocks on a thread of its own.
func offCooperativePool<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
  try await withCheckedThrowingContinuation { continuation in
    Thread.detachNewThread { continuation.resume(with: Swift.Result { try body() }) }
  }
}
