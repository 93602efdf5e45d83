public import SystemPackage

/// How a file system answers: at once from memory, or later.
///
/// An answer from memory is given on the thread that asks and costs no more than a function call. Only what has to wait
/// is handed back as work, which the caller runs in a task of its own and cancels when the request is interrupted; work
/// must end soon after it is cancelled, with `EINTR` (`Errno.interrupted`).
public enum Outcome<Value: Sendable>: Sendable {
  case ready(Value)
  case failed(Errno)
  case pending(@Sendable () async throws(Errno) -> Value)

  /// Runs `body`, which answers from memory.
  public init(_ body: () throws(Errno) -> Value) {
    do { self = .ready(try body()) } catch { self = .failed(error) }
  }

  /// The answer, waited for if need be.
  public func get() async throws(Errno) -> Value {
    switch self {
    case .ready(let value): return value
    case .failed(let errno): throw errno
    case .pending(let work): return try await work()
    }
  }

  /// The answer made into another by `transform`, now or when it is there.
  public func map<Other: Sendable>(
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

  /// Runs `body` where this one fails, now or later.
  public func onFailure(_ body: @escaping @Sendable () -> Void) -> Self {
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

  /// Goes on with `next` where this one succeeded.
  public func then<Other: Sendable>(
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
  /// Success, with nothing to tell.
  public static var done: Self { .ready(()) }
}
