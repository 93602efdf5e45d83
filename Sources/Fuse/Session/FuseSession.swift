import CFuse
import Dispatch
import Glibc
import LinuxSystem
package import Logging
import Synchronization
import SystemPackage
package import VFS

/// A mount of a ``FileSystem``, from start to end.
///
/// A session ends when someone unmounts it (umount(8), fusermount3(1)), or on request. It installs no signal handlers,
/// and its threads block all signals.
package final class FuseSession: Sendable {
  /// How a session ended.
  package enum End: Sendable, Hashable {
    /// The mount is gone, and its connection is closed.
    case unmounted
    /// The mount is detached from its mountpoint, but a program still uses it. The connection could not be aborted, and
    /// ends with this process.
    case detached
  }

  private enum Phase {
    case idle
    case serving(readers: Int)
    case ended(End)
  }

  private struct State {
    var phase = Phase.idle
    var waiters: [CheckedContinuation<End, Never>] = []
    var isUnmounting = false
    var mount: Mount?
    var guardian: Guardian?
    var noticeThreads: [SystemThread] = []
  }

  /// The absolute path of the mountpoint, with symbolic links resolved.
  package let mountpoint: String
  private let options: FuseOptions
  private let operations: OperationTable
  private let adapter: Adapter
  private let logger: Logger
  private let state = Mutex(State())
  /// Signalled when a reader has answered its first request, which is INIT for one of them.
  private let initialised = DispatchSemaphore(value: 0)
  /// Signalled when the session has ended.
  private let hasEnded = DispatchSemaphore(value: 0)

  /// Creates a session and checks in advance that the mount can succeed.
  /// - Throws: ``MountError``. Try again once its cause is removed, for example a ``MountError/stale(_:)`` mount.
  package convenience init(
    mountpoint: String, options: FuseOptions, fileSystem: any FileSystem, logger: Logger
  ) throws(MountError) {
    try self.init(
      mountpoint: mountpoint, options: options, fileSystem: fileSystem, logger: logger,
      operations: makeOperationTable())
  }

  /// Creates a session with custom callbacks.
  init(
    mountpoint: String, options: FuseOptions, fileSystem: any FileSystem, logger: Logger,
    operations: fuse_lowlevel_ops
  ) throws(MountError) {
    self.operations = OperationTable(operations)
    self.mountpoint = try Mountpoint(checking: mountpoint).path
    self.options = options
    self.logger = logger
    adapter = Adapter(fileSystem: fileSystem, logger: logger)
  }

  /// Mounts and starts serving. Programs can use the mount when this returns.
  ///
  /// Blocks for some milliseconds, at most 10 s. Call it once per session.
  package func start() throws(MountError) {
    FuseLog.redirect(to: logger)
    let session = try SessionPointer(options: options, operations: operations.raw, adapter: adapter)
    adapter.fileSystem.start(notifier: adapter.notifier)
    let mount: Mount?
    do throws(MountError) {
      mount = try Mountpoint.mounting(at: mountpoint) { () throws(MountError) in try session.mount(at: mountpoint) }
    } catch {
      session.destroy()
      throw error
    }
    state.withLock { state in
      state.mount = mount
      // Counts this thread as a reader, so that no reader can end the session before all are started.
      state.phase = .serving(readers: 1)
    }
    defer { readerEnded(session) }
    do throws(MountError) {
      // Started before the first notice, because a notice may hang in the kernel.
      if let mount {
        let guardian = try Guardian(of: mount, logger: logger)
        state.withLock { $0.guardian = guardian }
      }
      let threads = try adapter.notifier.start(for: session)
      state.withLock { $0.noticeThreads = threads }
      for number in 1...max(options.threads, 1) {
        addReader()
        do throws(MountError) {
          try SystemThread.start(named: "fuse-\(number)") { self.serve(session) }.detach()
        } catch {
          removeReader()
          throw error
        }
      }
    } catch {
      requestUnmount()
      throw error
    }
    guard initialised.wait(timeout: .now() + .seconds(10)) == .success else {
      requestUnmount()
      throw .failed("the kernel did not answer within 10 s")
    }
    if let mount { raiseReadahead(of: mount) }
  }

  /// Whether the session is serving or starting to serve.
  package var isServing: Bool {
    state.withLock { state in
      if case .serving = state.phase { return true }
      return false
    }
  }

  /// Waits until the session ends, for whatever reason.
  package func waitUntilEnded() async -> End {
    await withCheckedContinuation { continuation in
      let end: End? = state.withLock { state in
        if case .ended(let end) = state.phase { return end }
        state.waiters.append(continuation)
        return nil
      }
      if let end { continuation.resume(returning: end) }
    }
  }

  /// Unmounts and waits for the end. See ``requestUnmount()``.
  package func unmount() async -> End {
    requestUnmount()
    return await waitUntilEnded()
  }

  /// Starts to unmount and returns at once. Waiting requests are interrupted, then the mount is removed, lazily if it
  /// is busy. Programs that still use it are cut off. This takes some seconds at worst. A second call does nothing.
  package func requestUnmount() {
    let mount: Mount?? = state.withLock { state in
      guard case .serving = state.phase, !state.isUnmounting else { return nil }
      state.isUnmounting = true
      return .some(state.mount)
    }
    guard let mount else { return }
    do {
      try SystemThread.start(named: "fuse-unmount") { self.takeDown(mount) }.detach()
    } catch {
      logger.error("cannot unmount", metadata: ["error": "\(error)"])
      state.withLock { $0.isUnmounting = false }
    }
  }

  // MARK: - Serving

  private func serve(_ session: SessionPointer) {
    let result = session.serve(onFirst: { initialised.signal() })
    if result != 0 {
      logger.critical("the FUSE device failed", metadata: ["errno": "\(-result)"])
      requestUnmount()
    }
    readerEnded(session)
  }

  private func addReader() {
    state.withLock { state in
      if case .serving(let readers) = state.phase { state.phase = .serving(readers: readers + 1) }
    }
  }

  /// - Returns: Whether it was the last reader.
  @discardableResult
  private func removeReader() -> Bool {
    state.withLock { state in
      guard case .serving(let readers) = state.phase else { return false }
      state.phase = .serving(readers: readers - 1)
      return readers == 1
    }
  }

  /// Called when a reader ends. The last one cleans up: the connection is closed, so no request can follow.
  private func readerEnded(_ session: SessionPointer) {
    guard removeReader() else { return }
    adapter.fileSystem.interruptAll()
    adapter.pending.interruptAll()
    let isIdle = adapter.pending.waitUntilIdle(limit: .seconds(5))
    adapter.notifier.stop()
    for thread in state.withLock({ $0.noticeThreads }) { thread.join() }
    adapter.pollHandles.closeAll()
    if isIdle {
      session.destroy()
    } else {
      // Open replies point to the session, and the session to the adapter. Both are leaked to avoid a use after free.
      _ = Unmanaged.passRetained(adapter)
      // For example, a rename that waits for its upload cannot be cancelled.
      logger.notice("requests did not end when they were cancelled; the session is not freed")
    }
    end(.unmounted)
  }

  private func end(_ end: End) {
    // A detached mount keeps its guardian, which aborts the connection when this process ends.
    if end == .unmounted { state.withLock { $0.guardian.take() }?.end() }
    let waiters: [CheckedContinuation<End, Never>] = state.withLock { state in
      if case .ended = state.phase { return [] }
      state.phase = .ended(end)
      defer { state.waiters = [] }
      return state.waiters
    }
    hasEnded.signal()
    for waiter in waiters { waiter.resume(returning: end) }
  }

  /// Raises the readahead from the kernel's default of 128 KiB to 1 MiB, the size of one request. Only root can do so;
  /// failures are ignored.
  private func raiseReadahead(of mount: Mount) {
    let file = "/sys/class/bdi/0:\(mount.deviceMinor)/read_ahead_kb"
    guard geteuid() == 0 else { return }
    do throws(Errno) { try ProcessFile.write("1024", to: file) } catch {
      logger.debug("readahead stays as it is", metadata: ["file": "\(file)", "error": "\(error)"])
    }
  }

  // MARK: - Unmounting

  /// Unmounts, and aborts the connection if needed. It blocks, so it runs on its own thread.
  private func takeDown(_ mount: Mount?) {
    adapter.fileSystem.interruptAll()
    guard let mount else {
      logger.error("the mount is not in the mount table", metadata: ["mountpoint": "\(mountpoint)"])
      return end(.detached)
    }
    let unmounter = Unmounter(mount)
    // Programs need a moment to close their files after their reads were ended. Requests that the file system did not
    // end are interrupted only later, because many programs just read again after EINTR.
    for attempt in 1...30 {
      if attempt == 5 { adapter.pending.interruptAll() }
      do throws(UnmountError) {
        try unmounter.unmount()
        return waitOrCut(unmounter, limit: .seconds(5))
      } catch {
        if error.reason == .notMounted { return waitOrCut(unmounter, limit: .seconds(1)) }
        guard error.reason == .busy, attempt < 30 else { break }
        if hasEnded.wait(timeout: .now() + .milliseconds(30)) == .success { return }
      }
    }
    logger.notice("the mount is busy and is detached", metadata: ["mountpoint": "\(mountpoint)"])
    do throws(UnmountError) {
      if !unmounter.canAbort, geteuid() == 0 { try unmounter.force() } else { try unmounter.detach() }
    } catch {
      logger.error("\(error)")
    }
    waitOrCut(unmounter, limit: .seconds(3))
  }

  /// Waits for the session to end. After `limit`, aborts the connection to force the end.
  private func waitOrCut(_ unmounter: Unmounter, limit: DispatchTimeInterval) {
    if hasEnded.wait(timeout: .now() + limit) == .success { return }
    if unmounter.abort(), hasEnded.wait(timeout: .now() + .seconds(8)) == .success { return }
    end(.detached)
  }
}
