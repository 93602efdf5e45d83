package import SystemPackage

/// The answer of a file system: at once from memory, or later.
///
/// An answer from memory comes on the calling thread and costs no more than a function call. An answer that has to wait
/// is returned as work. The caller runs the work in a separate task, and cancels it when the request is interrupted.
/// Cancelled work must end soon, with `EINTR` (`Errno.interrupted`).
package enum Outcome<Value: Sendable>: Sendable {
  case ready(Value)
  case failed(Errno)
  case pending(@Sendable () async throws(Errno) -> Value)

  /// Runs `body`, which answers from memory.
  package init(_ body: () throws(Errno) -> Value) {
    do { self = .ready(try body()) } catch { self = .failed(error) }
  }

  /// Returns the answer, and waits for it if necessary.
  package func get() async throws(Errno) -> Value {
    switch self {
    case .ready(let value): return value
    case .failed(let errno): throw errno
    case .pending(let work): return try await work()
    }
  }

  /// Applies `transform` to the answer, now or when it arrives.
  package func map<Other: Sendable>(
    _ transform: @escaping @Sendable (Value) throws(Errno) -> Other
  ) -> Outcome<Other> {
    switch self {
    case .ready(let value):
      return Outcome<Other> { () throws(Errno) in try transform(value) }
    case .failed(let errno):
      return .failed(errno)
    case .pending(let work):
      return .pending { () async throws(Errno) in try transform(try await work()) }
    }
  }

  /// Runs `body` if this outcome fails, now or later.
  package func onFailure(_ body: @escaping @Sendable () -> Void) -> Self {
    switch self {
    case .ready: return self
    case .failed:
      body()
      return self
    case .pending(let work):
      return .pending { () async throws(Errno) in
        do throws(Errno) { return try await work() } catch {
          body()
          throw error
        }
      }
    }
  }

  /// Continues with `next` if this outcome succeeds.
  package func then<Other: Sendable>(
    _ next: @escaping @Sendable (Value) -> Outcome<Other>
  ) -> Outcome<Other> {
    switch self {
    case .ready(let value): return next(value)
    case .failed(let errno): return .failed(errno)
    case .pending(let work):
      return .pending { () async throws(Errno) in try await next(try await work()).get() }
    }
  }
}

extension Outcome where Value == Void {
  /// Success without a value.
  package static var done: Self { .ready(()) }
}
