/// The path of a request, which may lead elsewhere by the time of the answer.
struct AskedPath: Sendable {
  /// ``TreeStructure/tick`` when it was asked for.
  let tick: UInt64
  /// For the server.
  let path: String
}
