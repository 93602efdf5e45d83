internal import BerayAPI
internal import HTTPTypes

/// The OpenAPI 3.1 description of the server, made from the same endpoints that requests are dispatched to.
enum OpenAPI {
  static func document(_ endpoints: [Endpoint], version: String) -> JSON {
    var paths: [JSON.Member] = []
    for endpoint in endpoints {
      let operation = JSON.Member(endpoint.method.rawValue.lowercased(), operation(endpoint))
      if let index = paths.firstIndex(where: { $0.name == endpoint.path }) {
        paths[index].value = .object((paths[index].value.objectValue ?? []) + [operation])
      } else {
        paths.append(.init(endpoint.path, .object([operation])))
      }
    }
    return .object([
      .init("openapi", "3.1.0"),
      .init("info", ["title": "beray-fs", "version": .string(version)]),
      .init("paths", .object(paths)),
      .init(
        "components",
        .object([
          .init("schemas", EventSchemas.all),
          .init("securitySchemes", ["bearer": ["type": "http", "scheme": "bearer"]]),
        ])),
      // Tells clients that they can rely on the event format (EventContract.declared).
      .init(EventContract.marker.name, JSON(EventContract.marker.version)),
    ])
  }

  private static func operation(_ endpoint: Endpoint) -> JSON {
    var members: [JSON.Member] = [.init("summary", .string(endpoint.summary))]
    var parameters = endpoint.parameters
    if endpoint.path.contains("{task_id}") {
      parameters.insert(.init(name: "task_id", place: .path, type: "integer", isRequired: true), at: 0)
    }
    if !parameters.isEmpty { members.append(.init("parameters", .array(parameters.map(parameter)))) }
    if let body = body(endpoint.body) { members.append(.init("requestBody", body)) }
    let responses = endpoint.successes.map { success -> JSON.Member in
      var response: [JSON.Member] = [.init("description", "Success")]
      if !success.contentType.isEmpty {
        response.append(.init("content", .object([.init(success.contentType, ["schema": endpoint.answer])])))
      }
      return .init(String(success.status), .object(response))
    }
    members.append(.init("responses", .object(responses)))
    if endpoint.needsUser { members.append(.init("security", [["bearer": []]])) }
    return .object(members)
  }

  private static func parameter(_ parameter: Endpoint.Parameter) -> JSON {
    [
      "name": .string(parameter.name), "in": .string(parameter.place.rawValue),
      "required": .bool(parameter.isRequired), "schema": ["type": .string(parameter.type)],
    ]
  }

  private static func body(_ body: Endpoint.Body) -> JSON? {
    switch body {
    case .none: nil
    case .json(let properties): content("application/json", schema(properties))
    case .form(let properties): content("application/x-www-form-urlencoded", schema(properties))
    case .bytes: content("application/octet-stream", ["type": "string", "format": "binary"])
    }
  }

  private static func content(_ type: String, _ schema: JSON) -> JSON {
    ["required": true, "content": .object([.init(type, ["schema": schema])])]
  }

  private static func schema(_ properties: [Endpoint.Property]) -> JSON {
    [
      "type": "object",
      "properties": .object(properties.map { .init($0.name, $0.schema) }),
      "required": .array(properties.filter(\.isRequired).map { .string($0.name) }),
    ]
  }
}
