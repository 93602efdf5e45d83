extension Capabilities {
  /// Reads the capabilities from an OpenAPI 3 document. Operations are recognised by their `paths`, whatever the path
  /// parameter is called.
  /// - Parameters:
  ///   - document: the content of `/openapi.json`.
  ///   - prefix: the path before ``Route/prefix`` if the server is not at the root of its host. Some servers include it
  ///     in their paths, others do not.
  public init(openAPI document: JSON, prefix: String = "") {
    self = []
    if document[EventContract.marker.name]?.intValue == EventContract.marker.version { insert(.declaredEvents) }
    for path in document["paths"]?.objectValue ?? [] {
      let name = path.name.hasPrefix(prefix + Route.prefix) ? path.name.dropFirst(prefix.count) : path.name[...]
      guard name.hasPrefix(Route.prefix) else { continue }
      let called = name.dropFirst(Route.prefix.count)
      for (capability, route) in Self.operations where Self.matches(called, route.template) {
        guard let operation = path.value[route.method.lowercased()] else { continue }
        let shared = path.value["parameters"]?.arrayValue ?? []
        let parameters = (shared + (operation["parameters"]?.arrayValue ?? [])).map { Self.resolve($0, in: document) }
        let members = Self.members(of: operation, in: document)
        if Self.offers(capability, operation, parameters, members) { insert(capability) }
      }
    }
  }

  private static let operations: [(Capabilities, Route)] = [
    (.remove, .removeFile), (.move, .moveFile), (.makeDirectory, .makeDirectory), (.attributes, .setAttributes),
    (.recursiveTree, .fileTree), (.ranges, .fileContent), (.resumableStream, .streamTask),
    (.conditionalUploads, .uploadFile), (.conditionalAttributes, .setAttributes),
    (.conditionalMoves, .moveFile), (.append, .appendFile), (.choosesAgent, .createTask), (.startsFrom, .createTask),
  ]

  /// The names of the members that the JSON body of an operation may have.
  private static func members(of operation: JSON, in document: JSON) -> [String] {
    guard let body = operation["requestBody"].map({ resolve($0, in: document) }),
      let schema = body["content"]?["application/json"]?["schema"]
    else { return [] }
    return resolve(schema, in: document)["properties"]?.objectValue?.map(\.name) ?? []
  }

  private static func offers(
    _ capability: Capabilities, _ operation: JSON, _ parameters: [JSON], _ members: [String]
  ) -> Bool {
    func has(_ name: String, in place: String) -> Bool {
      parameters.contains {
        $0["in"]?.stringValue == place && $0["name"]?.stringValue?.lowercased() == name.lowercased()
      }
    }
    switch capability {
    case .recursiveTree: return has("recursive", in: "query")
    case .ranges: return has("range", in: "header") || operation["responses"]?["206"] != nil
    case .resumableStream: return has(HeaderName.lastEventID, in: "header")
    case .conditionalUploads: return has("if-match", in: "header") && has("if-none-match", in: "header")
    case .conditionalAttributes, .conditionalMoves: return has("if-match", in: "header")
    case .append: return has(HeaderName.idempotencyKey, in: "header")
    case .choosesAgent: return members.contains("agent")
    case .startsFrom: return members.contains("from")
    default: return true
    }
  }

  private static func matches(_ path: Substring, _ template: String) -> Bool {
    let given = path.split(separator: "/", omittingEmptySubsequences: false)
    let wanted = template.split(separator: "/", omittingEmptySubsequences: false)
    guard given.count == wanted.count else { return false }
    return zip(given, wanted).allSatisfy { given, wanted in
      wanted.hasPrefix(":") ? given.hasPrefix("{") && given.hasSuffix("}") : given == wanted
    }
  }

  /// Follows a `$ref` within the document, such as `#/components/parameters/Range`.
  private static func resolve(_ json: JSON, in document: JSON) -> JSON {
    guard let reference = json["$ref"]?.stringValue, reference.hasPrefix("#/") else { return json }
    var target = document
    for name in reference.dropFirst(2).split(separator: "/") {
      guard let member = target[String(name)] else { return json }
      target = member
    }
    return target
  }
}
