public import BerayAPI

/// The event stream of a task: typed updates, each with the raw object from the server. Iterate it once.
public struct TaskUpdates: AsyncSequence, Sendable {
  public typealias Element = TaskUpdate
  public typealias Failure = BerayError

  public struct AsyncIterator: AsyncIteratorProtocol {
    var pull: () async throws(BerayError) -> TaskUpdate?

    public mutating func next() async throws(BerayError) -> TaskUpdate? {
      try await pull()
    }

    public mutating func next(isolation actor: isolated (any Actor)?) async throws(BerayError) -> TaskUpdate? {
      try await pull()
    }
  }

  private let make: @Sendable () -> AsyncIterator

  /// - Parameter makeIterator: called once; returns a function that returns the next update, or nil at the end.
  public init(_ makeIterator: @escaping @Sendable () -> (() async throws(BerayError) -> TaskUpdate?)) {
    self.make = { AsyncIterator(pull: makeIterator()) }
  }

  public func makeAsyncIterator() -> AsyncIterator { make() }
}
