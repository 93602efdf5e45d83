internal import BerayAPI
internal import HTTPTypes
internal import Hummingbird
internal import NIOCore

/// All operations of the server. Both dispatch and `/openapi.json` use this list, so they cannot disagree.
enum RouteTable {
  static func endpoints(_ services: Services) -> [Endpoint] {
    let operations =
      AuthRoutes(services: services).endpoints + TaskRoutes(services: services).endpoints
      + FileRoutes(services: services).endpoints
    let version = services.version
    let document = OpenAPI.document(operations, version: version).serializedBytes()
    return operations + [
      Endpoint(method: .get, path: Route.openAPIPath, "Describe the server", needsUser: false) { _ in .json(document) },
      Endpoint(method: .get, path: "/", "Tell that the server is there", needsUser: false) { _ in
        .json(["name": "beray-fs", "version": .string(version)])
      },
      Endpoint(method: .get, path: "/health", "Tell that the server is there", needsUser: false) { _ in
        .json(["name": "beray-fs", "version": .string(version)])
      },
      Endpoint(method: .get, path: "/metrics", "Count what the server does") { _ in
        let text = services.metrics.text(tasks: try await services.store.taskCounts())
        return Response(
          status: .ok, headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"],
          body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
      },
    ]
  }
}
