public import BerayAPI

extension BerayClient {
  /// What the server offers beyond the endpoints of the SDK, by its `/openapi.json`.
  ///
  /// Asked once and kept, also where the server has no such document or it cannot be read, which means: nothing. A
  /// failure to reach the server is thrown and not kept.
  public func capabilities() async throws(BerayError) -> Capabilities {
    let call = Call(openAPI: Route.openAPIPath)
    return try await knownCapabilities.value(operation: call.operation) { () async throws(BerayError) in
      do throws(BerayError) {
        return Capabilities(openAPI: try await self.json(call))
      } catch {
        guard error.code == .invalidResponse || (error.status != nil && !error.isTransient) else { throw error }
        return []
      }
    }
  }
}
