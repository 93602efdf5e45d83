public import BerayAPI

extension BerayClient {
  /// What the server offers beyond the endpoints of the SDK, by its `/openapi.json`.
  ///
  /// Asked once and kept, also where the server has no such document, which means: nothing. Any other failure is thrown
  /// and says nothing of the server; the next call asks again, but after an answer with an error status not before some
  /// seconds have passed.
  /// ```swift
  /// if try await client.capabilities().contains(.append) { print("appends are kept") }
  /// ```
  public func capabilities() async throws(BerayError) -> Capabilities {
    let call = Call(openAPI: Route.openAPIPath)
    let known = try await knownCapabilities.value(operation: call.operation) { () async throws(BerayError) in
      do throws(BerayError) {
        let document = try await self.calls.json(call)
        return .init(.success(Capabilities(openAPI: document, prefix: self.address.prefix)))
      } catch {
        if Self.isWithoutDocument(error) { return .init(.success([])) }
        // What stands there is no such document, or none just now.
        if error.code == .invalidResponse {
          return .init(.success([]), keptFor: self.configuration.capabilitiesFailureLifetime)
        }
        guard error.status != nil else { throw error }
        return .init(.failure(error), keptFor: self.configuration.capabilitiesFailureLifetime)
      }
    }
    return try known.get()
  }

  /// How this server's events are read. A server that cannot tell what it offers declares nothing.
  func eventContract() async -> EventContract {
    (try? await capabilities())?.eventContract ?? .undeclared
  }

  /// Has the next ``capabilities()`` ask the server again, which may be another version by now.
  /// ```swift
  /// client.forgetCapabilities()
  /// ```
  public func forgetCapabilities() {
    knownCapabilities.forget()
  }

  /// Whether the server has no document at that path, rather than none to give at present.
  private static func isWithoutDocument(_ error: BerayError) -> Bool {
    guard let status = error.status else { return false }
    return [404, 405, 410, 501].contains(status) || (300..<400).contains(status)
  }
}
