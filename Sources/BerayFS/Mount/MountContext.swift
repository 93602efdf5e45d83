import Beray
import BerayAPI
import Logging
import Synchronization
import SystemPackage
import VFS
import Waiting

/// What every part of one mount shares: the server, the options, the inode numbers, the clocks, and the log of failures.
final class MountContext: Sendable {
  let service: any TaskService
  let options: MountOptions
  let time: TimeSource
  let processes: ProcessTable
  let inodes = InodeTable()
  let failures: FailureLog
  /// Temporary files, for what is too large for memory.
  let spills: SpillSpace
  let logs = LogBudget()
  let removals: RemovalGuard
  let logger: Logger
  private let notifierSlot = Mutex<(any Notifier)?>(nil)

  init(
    service: any TaskService, options: MountOptions, time: TimeSource, processes: ProcessTable = .system,
    logger: Logger
  ) {
    self.service = service
    self.options = options
    self.time = time
    self.processes = processes
    self.removals = RemovalGuard(time: time)
    self.logger = logger
    self.failures = FailureLog(time: time)
    spills = SpillSpace(directory: options.spillDirectory)
  }

  /// Tells the kernel of changes; until the mount has started, it does nothing.
  var notifier: any Notifier {
    get { notifierSlot.withLock { $0 } ?? SilentNotifier() }
    set { notifierSlot.withLock { $0 = newValue } }
  }

  /// Makes a call to the server; a failure is logged, stands in `.beray/errors`, and becomes an errno.
  /// - Parameters:
  ///   - operation: the file operation that needs it, such as `mkdir`.
  ///   - path: what it is about, beneath the mountpoint.
  func call<Value>(
    _ operation: String, _ path: String, _ body: () async throws(BerayError) -> Value
  ) async throws(Errno) -> Value {
    do { return try await body() } catch { throw fail(operation, path, error) }
  }

  /// Records that `operation` on `path` failed, and returns the errno for it.
  func fail(_ operation: String, _ path: String, _ error: BerayError) -> Errno {
    // What stands at the root and has no parent is a task.
    let isCreation = operation == "new" || (operation == "mkdir" && !path.utf8.contains(UInt8(ascii: "/")))
    let errno = Errno(error, creating: ["mkdir", "create", "new"].contains(operation))
    if error.code != .cancelled {
      failures.append(
        Failure(
          time: time.now(), operation: operation, path: path, errno: errno, status: error.status, detail: error.reason,
          advice: error.advice,
          repetition: errno == .fileExists ? .failsAgain : error.repetition(isCreation: isCreation)))
      logger.info("\(operation) \(path): \(errno): \(error.reason)")
    }
    return errno
  }

  /// Records a refusal by the file system itself, and returns its errno.
  func refuse(_ operation: String, _ path: String, _ errno: Errno, _ detail: String, advice: String) -> Errno {
    note(operation, path, errno, detail, advice: advice, repetition: Repetition(errno))
    return errno
  }

  /// Puts into `.beray/errors` what no answer of the server said.
  func note(
    _ operation: String, _ path: String, _ errno: Errno, _ detail: String, advice: String, repetition: Repetition
  ) {
    failures.append(
      Failure(
        time: time.now(), operation: operation, path: path, errno: errno, status: nil, detail: detail, advice: advice,
        repetition: repetition))
  }

  /// Attributes of a node, whose owner is the user who mounted.
  /// - Parameter changed: when content, attributes or name changed last; nil: as `modified`.
  func attributes(
    _ inode: InodeID, _ kind: FileKind, permissions: UInt16, size: Int64, modified: Timestamp, links: UInt32 = 1,
    changed: Timestamp? = nil
  ) -> Attributes {
    Attributes(
      inode: inode, kind: kind, permissions: options.shown(permissions), linkCount: links, user: options.user,
      group: options.group, size: size, accessed: modified, modified: modified, changed: changed ?? modified)
  }
}

extension MountContext {
  /// Does what a call of a program waits for, which has one deadline however many requests it takes. What is not done by
  /// then goes on alone; an interrupt of the program ends it.
  /// - Parameter isEnough: whether the program can go on with what is there when the time has passed.
  /// - Throws: `ETIMEDOUT`, told in `.beray/errors`.
  func within(
    _ operation: String, _ path: String, unless isEnough: @escaping @Sendable () -> Bool = { false },
    _ work: @escaping @Sendable () async throws(Errno) -> Void
  ) async throws(Errno) {
    // A request that takes all the time tells its own error.
    let limit = options.timeouts.metadata + .milliseconds(200)
    let flight = Flight<Bool, Errno>()
    let worker = Task {
      await flight.finish { () async throws(Errno) in
        try await work()
        return true
      }
    }
    let isDone: Bool
    do throws(Errno) {
      isDone = try await flight.value(within: { [time] in try await time.expire(limit) }, otherwise: false)
    } catch {
      worker.cancel()
      throw error
    }
    guard !isDone, !isEnough() else { return }
    let detail = "the server did not answer within \(options.timeouts.metadata)"
    throw fail(operation, path, BerayError(.timedOut, detail: detail, operation: operation))
  }

  /// Waits until the kernel has every notice that was queued for `inode`, or for any if it is nil, or a second has passed:
  /// a read that waits for the server may hold notices up. Do not call it from what answers a read.
  func untilTheKernelForgot(_ inode: InodeID? = nil) async throws(Errno) {
    let flight = Flight<Void, Errno>()
    notifier.whenInvalidated(inode) { flight.finish(.success(())) }
    try await flight.value(within: { [time] in try await time.sleep(.seconds(1)) }, otherwise: ())
  }
}

/// Stands in before the mount has started.
private struct SilentNotifier: Notifier {
  func invalidate(_ inode: InodeID, pages: Bool) {}
  func expire(_ name: Name, in directory: InodeID) {}
  func wake(_ handle: HandleID) {}
}
