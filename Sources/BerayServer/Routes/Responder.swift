internal import BerayAPI
internal import HTTPTypes
internal import Hummingbird
internal import Logging

/// Finds the endpoint for a request, checks that the request is allowed, and reports failures in FastAPI's format.
struct Responder: HTTPResponder {
  typealias Context = ServerContext

  let services: Services
  let endpoints: [Endpoint]
  let origin: Origin
  let hosts: HostCheck

  init(services: Services, origin: Origin, hosts: HostCheck) {
    self.services = services
    self.origin = origin
    self.hosts = hosts
    endpoints = RouteTable.endpoints(services)
  }

  func respond(to request: Request, context: ServerContext) async throws -> Response {
    let peer = peer(of: request, context)
    let log = RequestLog(request, origin: origin, peer: peer, services: services)
    var user: String?
    let response: Response
    do {
      guard let use = services.activity.begin() else {
        throw HTTPFailure(.serviceUnavailable, "The server is ending after a time without use; ask again")
      }
      if origin == .network { try hosts.check(request.head) }
      let answer = try await dispatch(request, use, peer, &user)
      response = request.method == .head ? answer.createHeadResponse() : answer
    } catch let failure as HTTPFailure {
      response = self.response(to: failure)
    } catch is ClientGone {
      log.hungUp(user: user)
      return self.response(to: .badRequest("The request ended before its body"))
    } catch {
      response = self.response(to: HTTPFailure(error) ?? internalError(error, request))
    }
    return log.following(response, user: user)
  }

  private func internalError(_ error: any Error, _ request: Request) -> HTTPFailure {
    services.logger.error("\(request.method) \(request.uri.path): \(error)")
    return HTTPFailure(.internalServerError, "Internal Server Error")
  }

  /// The address of the client. Behind a proxy, the address that the proxy forwards.
  private func peer(of request: Request, _ context: ServerContext) -> String {
    guard services.isBehindProxy, let forwarded = request.headers[.forwardedFor]?.split(separator: ",").last else {
      return context.peer
    }
    return String(forwarded.prefix(64).filter { $0 != " " })
  }

  private func dispatch(
    _ request: Request, _ use: Activity.Use, _ peer: String, _ user: inout String?
  ) async throws -> Response {
    let path = request.uri.path
    let method = request.method == .head ? .get : request.method
    var allowed: [String] = []
    for endpoint in endpoints {
      let match = endpoint.match(path)
      guard match != .no else { continue }
      guard endpoint.method == method else {
        allowed.append(endpoint.method.rawValue)
        continue
      }
      var call = IncomingCall(
        request: request, origin: origin, query: FormFields(request.uri.query ?? ""), use: use, services: services,
        peer: peer, maximumBody: endpoint.needsUser ? IncomingCall.maximumBody : IncomingCall.maximumBodyOfStrangers)
      if endpoint.needsUser { try await authenticate(&call) }
      user = call.account?.email
      if case .task(let text) = match { call.task = try taskID(text) }
      return try await endpoint.handle(call)
    }
    if !allowed.isEmpty {
      var failure = HTTPFailure(.methodNotAllowed, "Method Not Allowed")
      failure.headers[.allow] = allowed.joined(separator: ", ")
      throw failure
    }
    let sibling = path.hasSuffix("/") ? String(path.dropLast()) : path + "/"
    guard !sibling.isEmpty, endpoints.contains(where: { $0.match(sibling) != .no }) else {
      throw HTTPFailure.notFound("Not Found")
    }
    return Response(
      status: .temporaryRedirect, headers: [.location: sibling + (request.uri.query.map { "?" + $0 } ?? "")])
  }

  private func authenticate(_ call: inout IncomingCall) async throws {
    guard let header = call.header(.authorization) else { throw HTTPFailure.unauthorized() }
    let parts = header.split(separator: " ", maxSplits: 1)
    guard parts.count == 2, parts[0].lowercased() == "bearer" else { throw HTTPFailure.unauthorized() }
    let hash = AccessToken(text: parts[1].filter { $0 != " " }).hash
    guard let account = try await services.store.account(tokenHash: hash) else {
      throw HTTPFailure.unauthorized("Could not validate credentials")
    }
    call.account = account
    call.tokenHash = hash
  }

  private func taskID(_ text: String) throws(HTTPFailure) -> Int64 {
    guard let id = Int64(text) else {
      throw .unprocessable(
        ["path", "task_id"], type: "int_parsing",
        "Input should be a valid integer, unable to parse string as an integer")
    }
    return id
  }

  private func response(to failure: HTTPFailure) -> Response {
    var response = Response.json(["detail": failure.detail], status: failure.status)
    response.headers.append(contentsOf: failure.headers)
    return response
  }
}

extension HTTPField.Name {
  fileprivate static let forwardedFor = HTTPField.Name("X-Forwarded-For")!
}
