extension BerayClient {
  /// The body of a download that continues with a range request after a broken connection. The server must support
  /// ranges and send a version, so that bytes of two versions are never mixed.
  func resuming(_ response: TransportResponse, of call: Call) -> ByteStream {
    guard let resumption = Resumption(response, of: call) else { return response.body }
    return ByteStream {
      // Safe because the stream has one reader, which takes one piece at a time.
      nonisolated(unsafe) var iterator = response.body.makeAsyncIterator()
      nonisolated(unsafe) var resumption = resumption
      return { () async throws(BerayError) in
        while true {
          do throws(BerayError) {
            let piece = try await iterator.next()
            resumption.received(piece?.count ?? 0)
            return piece
          } catch {
            guard let next = resumption.next(after: error, retries: self.configuration.retries) else { throw error }
            guard (try? await self.configuration.pause(next.pause)) != nil,
              let body = await self.rest(next.call, resumption)
            else { throw error }
            iterator = body.makeAsyncIterator()
          }
        }
      }
    }
  }

  /// Fetches the rest of the content; nil if the server does not send it or has another version.
  private func rest(_ call: Call, _ resumption: Resumption) async -> ByteStream? {
    guard let response = try? await transfer(call), resumption.isContinued(by: response) else { return nil }
    return response.body
  }
}
