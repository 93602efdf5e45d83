import CFuse
import Glibc
import Logging
import Synchronization
import SystemPackage
import VFS

/// Connects libfuse's callbacks to a ``FileSystem``: it unwraps arguments, calls, and replies.
///
/// The thread that received a request sends an answer from memory itself. An operation that has to wait gets a task,
/// which an interrupt of the request cancels.
final class Adapter: Sendable {
  let fileSystem: any FileSystem
  let logger: Logger
  let pending = PendingRequests()
  let pollHandles: PollHandles
  let notifier: KernelNotifier
  let directHandles = DirectHandles()
  /// Whether each operation is logged.
  private let isLogged: Bool

  init(fileSystem: any FileSystem, logger: Logger) {
    self.fileSystem = fileSystem
    self.logger = logger
    isLogged = logger.logLevel <= .debug
    pollHandles = PollHandles()
    notifier = KernelNotifier(pollHandles: pollHandles, logger: logger)
  }

  /// The adapter of the session that received `request`.
  static func serving(_ request: OpaquePointer) -> Adapter {
    Unmanaged<Adapter>.fromOpaque(fuse_req_userdata(request)).takeUnretainedValue()
  }

  /// Answers `request` with the outcome of `operation`, at once or when it is available.
  /// - Parameters:
  ///   - lock: The lock that the kernel holds until the answer. Notices that need it wait.
  ///   - undo: Reverts a lookup count or handle if the kernel did not accept the answer.
  func answer<Shape: ReplyShape>(
    _ request: OpaquePointer, as shape: Shape.Type, holding lock: KernelLock = .none,
    undo: (@Sendable (Shape.Value) -> Void)? = nil, callback: StaticString = #function,
    _ operation: (any FileSystem) -> Outcome<Shape.Value>
  ) {
    let log = isLogged ? OperationLog(callback: callback, logger: logger) : nil
    let hold = notifier.begin(lock)
    let outcome = operation(fileSystem)
    let reply = Reply<Shape>(request)
    switch outcome {
    case .ready(let value):
      if !reply.send(value) { undo?(value) }
      notifier.end(hold)
      log?.ended(nil)
    case .failed(let errno):
      reply.fail(errno)
      notifier.end(hold)
      log?.ended(errno)
    case .pending(let work):
      wait(for: work, request: request, reply: reply, hold, log, undo: undo)
    }
  }

  private func wait<Shape: ReplyShape>(
    for work: @escaping @Sendable () async throws(Errno) -> Shape.Value, request: OpaquePointer,
    reply: consuming Reply<Shape>, _ hold: KernelLockHold, _ log: OperationLog?,
    undo: (@Sendable (Shape.Value) -> Void)?
  ) {
    let number = pending.reserve()
    // Registered before the task starts, because the request is freed as soon as the task answers it.
    let data = UnsafeMutableRawPointer(bitPattern: number)
    if Shape.endsWithAnySignal {
      fuse_req_interrupt_func(request, onInterrupt, data)
    } else {
      fuse_req_interrupt_func(request, onSignal, data)
    }
    let slot = ReplySlot(reply)
    // The task starts on this thread and usually runs up to its first wait.
    let task = Task.immediate(executorPreference: Shape.isBrief ? fileSystem.executor : nil) {
      [pending, notifier] in
      let result: Result<Shape.Value, Errno>
      do throws(Errno) { result = .success(try await work()) } catch { result = .failure(error) }
      slot.answer(result, undo: undo)
      notifier.end(hold)
      if case .failure(let errno) = result { log?.ended(errno) } else { log?.ended(nil) }
      pending.finish(number)
    }
    pending.attach(task, to: number)
  }

  /// Releases a handle that the kernel never received.
  func releaseUnseen(_ inode: InodeID, _ handle: HandleID) {
    directHandles.close(handle)
    if case .pending(let work) = fileSystem.release(inode, handle: handle) {
      let number = pending.reserve()
      let task = Task { [pending, logger] in
        do throws(Errno) { try await work() } catch {
          logger.warning("release failed", metadata: ["inode": "\(inode.rawValue)", "error": "\(error)"])
        }
        pending.finish(number)
      }
      pending.attach(task, to: number)
    }
  }
}

/// Carries a reply into a task, whose closure cannot consume a noncopyable value.
private final class ReplySlot<Shape: ReplyShape>: Sendable {
  private let reply: Mutex<Reply<Shape>?>

  init(_ reply: consuming Reply<Shape>) { self.reply = Mutex(reply) }

  func answer(_ result: Result<Shape.Value, Errno>, undo: (@Sendable (Shape.Value) -> Void)?) {
    guard let reply = reply.withLock({ $0.take() }) else { return }
    switch result {
    case .success(let value):
      if !reply.send(value) { undo?(value) }
    case .failure(let errno):
      reply.fail(errno)
    }
  }
}

/// Interrupts a request that only fatal signals end. Called with libfuse's lock of the request held, possibly within
/// fuse_req_interrupt_func.
private func onSignal(_ request: OpaquePointer?, _ data: UnsafeMutableRawPointer?) {
  guard let request, let context = fuse_req_ctx(request) else { return }
  Adapter.serving(request).pending.interrupt(UInt(bitPattern: data), whenEnding: context.pointee.pid)
}

/// Interrupts a request that any signal ends. Called like `onSignal`.
private func onInterrupt(_ request: OpaquePointer?, _ data: UnsafeMutableRawPointer?) {
  guard let request else { return }
  Adapter.serving(request).pending.interrupt(UInt(bitPattern: data))
}
