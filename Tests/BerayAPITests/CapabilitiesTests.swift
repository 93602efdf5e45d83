import BerayAPI
import Testing

@Suite struct CapabilitiesTests {
  @Test func readsWhatTheDocumentLists() throws {
    let document = try JSON(
      parsing: """
        {"paths":{
          "/api/v1/tasks/{task_id}/files/content":{"get":{"parameters":[{"name":"range","in":"header"}]},
            "put":{"parameters":[{"name":"if-match","in":"header"},{"name":"If-None-Match","in":"header"}]},
            "delete":{}},
          "/api/v1/tasks/{task_id}/files/move":{"post":{"parameters":[{"name":"If-Match","in":"header"}]}},
          "/api/v1/tasks/{task_id}/files/directory":{"post":{}},
          "/api/v1/tasks/{id}/files/attributes":{"parameters":[],"patch":{"parameters":[{"name":"If-Match","in":"header"}]}},
          "/api/v1/tasks/{id}/files/tree":{"get":{"parameters":[{"$ref":"#/components/parameters/Deep"}]}},
          "/api/v1/tasks/{id}/stream":{"parameters":[{"name":"Last-Event-ID","in":"header"}],"get":{}}},
         "components":{"parameters":{"Deep":{"name":"recursive","in":"query"}}}}
        """)
    #expect(
      Capabilities(openAPI: document)
        == [
          .remove, .move, .makeDirectory, .attributes, .recursiveTree, .ranges, .resumableStream, .conditionalUploads,
          .conditionalAttributes, .conditionalMoves,
        ])
  }

  @Test func theBareAPIHasNone() throws {
    let document = try JSON(
      parsing: """
        {"paths":{"/api/v1/tasks/{id}/files/content":{"get":{},"put":{}},"/api/v1/tasks/{id}/stream":{"get":{}},
          "/api/v1/tasks/{id}/files/tree":{"get":{"parameters":[{"name":"path","in":"query"}]}},
          "/other/files/move":{"post":{}},"/api/v1/tasks/move/files/directory":{"post":{}},
          "/api/v2/tasks/{id}/files/move":{"post":{}},"/x/api/v1/tasks/{id}/files/move":{"post":{}},
          "/api/v1/tasks/{id}/files/move/":{"post":{}}}}
        """)
    #expect(Capabilities(openAPI: document).isEmpty)
    #expect(Capabilities(openAPI: "no document").isEmpty)
  }

  @Test func anAnswer206MeansRanges() {
    let document: JSON = [
      "paths": ["/api/v1/tasks/{x}/files/content": ["get": ["responses": ["200": .object([]), "206": .object([])]]]]
    ]
    #expect(Capabilities(openAPI: document) == .ranges)
  }

  @Test(arguments: ["/pre", ""])
  func pathsMayHaveThePrefixOfTheServer(written: String) {
    let document = JSON.object([
      .init("paths", .object([.init(written + "/api/v1/tasks/{x}/files/move", ["post": .object([])])]))
    ])
    #expect(Capabilities(openAPI: document, prefix: "/pre") == .move)
  }

  @Test func membersOfACreationAreReadThroughReferences() throws {
    let document = try JSON(
      parsing: """
        {"paths":{"/api/v1/tasks/":{"post":{"requestBody":{"content":{"application/json":
          {"schema":{"$ref":"#/components/schemas/NewTask"}}}}}}},
         "components":{"schemas":{"NewTask":{"properties":{"goal":{},"agent":{}}}}}}
        """)
    #expect(Capabilities(openAPI: document) == .choosesAgent)
  }
}
