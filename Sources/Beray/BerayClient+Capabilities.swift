public import BerayAPI

extension BerayClient {
  /// What the server offers beyond the endpoints of the SDK, read from its `/openapi.json`.
  ///
  /// The client asks once and keeps the answer. A server without that document offers nothing beyond the SDK. An answer
  /// that is not JSON counts as no document, for some seconds. An error answer is thrown, and thrown again for some
  /// seconds without asking. Any other failure is thrown, and the next call asks again.
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
        // The body is no OpenAPI document. A proxy may have answered, so the result is kept only briefly.
        if error.code == .invalidResponse {
          return .init(.success([]), keptFor: self.configuration.capabilitiesFailureLifetime)
        }
        guard error.status != nil else { throw error }
        return .init(.failure(error), keptFor: self.configuration.capabilitiesFailureLifetime)
      }
    }
    return try known.get()
  }

  /// How this server's events are read. They count as undeclared if the capabilities cannot be fetched.
  func eventContract() async -> EventContract {
    (try? await capabilities())?.eventContract ?? .undeclared
  }

  /// Makes the next ``capabilities()`` ask again. Call it when the server may have been upgraded.
  /// ```swift
  /// client.forgetCapabilities()
  /// ```
  public func forgetCapabilities() {
    knownCapabilities.forget()
  }

  /// Whether the server has no document at all, rather than a temporary failure.
  private static func isWithoutDocument(_ error: BerayError) -> Bool {
    guard let status = error.status else { return false }
    return [404, 405, 410, 501].contains(status) || (300..<400).contains(status)
  }
}
