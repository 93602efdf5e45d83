import CFuse
import Dispatch
import Glibc
import LinuxSystem
public import Logging
import Synchronization
import SystemPackage
public import VFS

/// A mounted ``FileSystem``, from the mount to its end.
///
/// A session ends by itself when someone unmounts it (umount(8), fusermount3(1)), or on request. It installs no signal
/// handler, and its threads receive no signal.
public final class FuseSession: Sendable {
  /// How a session ended.
  public enum End: Sendable, Hashable {
    /// Unmounted, or cut off: nothing of it is left.
    case unmounted
    /// Taken from its mountpoint, but some program still uses it, and the connection could not be cut: that happens
    /// when this process ends.
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
    var noticeThreads: [ServiceThread] = []
  }

  /// Where it is mounted: absolute, symbolic links resolved.
  public let mountpoint: String
  private let options: FuseOptions
  private let operations: OperationTable
  private let adapter: Adapter
  private let logger: Logger
  private let state = Mutex(State())
  /// Signalled by each first request that a reader answered, the INIT among them.
  private let initialised = DispatchSemaphore(value: 0)
  /// Signalled when the session has ended.
  private let hasEnded = DispatchSemaphore(value: 0)

  /// Checks what can be checked before the mount.
  /// - Throws: ``MountError``, such as ``MountError/stale(_:)``, after whose cause was removed one may try again.
  public convenience init(
    mountpoint: String, options: FuseOptions, fileSystem: any FileSystem, logger: Logger
  ) throws(MountError) {
    try self.init(
      mountpoint: mountpoint, options: options, fileSystem: fileSystem, logger: logger,
      operations: makeOperationTable())
  }

  /// With callbacks of the caller's choice.
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

  /// Mounts and serves. Returns when the kernel and the file system have agreed, so that programs can use the mount.
  ///
  /// Blocks for some milliseconds, at most 10 s. Once for each session.
  public func start() throws(MountError) {
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
      // One more than there are readers, so that none can end the session before all are started.
      state.phase = .serving(readers: 1)
    }
    defer { readerEnded(session) }
    do throws(MountError) {
      // Before the first notice, which may be what hangs.
      if let mount {
        let guardian = try Guardian(of: mount, logger: logger)
        state.withLock { $0.guardian = guardian }
      }
      let threads = try adapter.notifier.start(for: session)
      state.withLock { $0.noticeThreads = threads }
      for number in 1...max(options.threads, 1) {
        addReader()
        do throws(MountError) {
          try ServiceThread(named: "fuse-\(number)") { self.serve(session) }.detach()
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

  /// Whether the session serves, or is about to.
  public var isServing: Bool {
    state.withLock { state in
      if case .serving = state.phase { return true }
      return false
    }
  }

  /// Waits for the end, whoever brings it about.
  public func waitUntilEnded() async -> End {
    await withCheckedContinuation { continuation in
      let end: End? = state.withLock { state in
        if case .ended(let end) = state.phase { return end }
        state.waiters.append(continuation)
        return nil
      }
      if let end { continuation.resume(returning: end) }
    }
  }

  /// Unmounts, and waits until that is done; see ``requestUnmount()``.
  public func unmount() async -> End {
    requestUnmount()
    return await waitUntilEnded()
  }

  /// Begins to unmount and returns: what is parked is ended, then the mount is taken away, lazily where it is busy, and
  /// what then still uses it is cut off. Takes some seconds at worst. Does nothing where it was asked before.
  public func requestUnmount() {
    let mount: Mount?? = state.withLock { state in
      guard case .serving = state.phase, !state.isUnmounting else { return nil }
      state.isUnmounting = true
      return .some(state.mount)
    }
    guard let mount else { return }
    do {
      try ServiceThread(named: "fuse-unmount") { self.takeDown(mount) }.detach()
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

  /// - Returns: Whether that was the last.
  @discardableResult
  private func removeReader() -> Bool {
    state.withLock { state in
      guard case .serving(let readers) = state.phase else { return false }
      state.phase = .serving(readers: readers - 1)
      return readers == 1
    }
  }

  /// The last one clears up: the connection is over, so nothing new comes.
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
      // Their replies still point to the session, and that to the adapter. Leaked, for freeing them would be worse.
      _ = Unmanaged.passRetained(adapter)
      // A rename that waits for its upload, for one, goes on until that has an end.
      logger.notice("requests did not end when they were cancelled; the session is not freed")
    }
    end(.unmounted)
  }

  private func end(_ end: End) {
    // Detached, it still has a connection to cut when this process ends.
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

  /// The kernel reads 128 KiB ahead unless root says otherwise; a request takes 1 MiB. Best effort.
  private func raiseReadahead(of mount: Mount) {
    let file = "/sys/class/bdi/0:\(mount.deviceMinor)/read_ahead_kb"
    guard geteuid() == 0 else { return }
    do throws(Errno) { try ProcessFile.write("1024", to: file) } catch {
      logger.debug("readahead stays as it is", metadata: ["file": "\(file)", "error": "\(error)"])
    }
  }

  // MARK: - Unmounting

  /// Runs on a thread of its own.
  private func takeDown(_ mount: Mount?) {
    adapter.fileSystem.interruptAll()
    guard let mount else {
      logger.error("the mount is not in the mount table", metadata: ["mountpoint": "\(mountpoint)"])
      return end(.detached)
    }
    let unmounter = Unmounter(mount)
    // Whose read was just ended needs a moment to close the file. What the file system did not end is interrupted later:
    // many programs answer EINTR by reading again.
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

  /// Waits for the end; then cuts the connection, which ends it for sure.
  private func waitOrCut(_ unmounter: Unmounter, limit: DispatchTimeInterval) {
    if hasEnded.wait(timeout: .now() + limit) == .success { return }
    if unmounter.abort(), hasEnded.wait(timeout: .now() + .seconds(8)) == .success { return }
    end(.detached)
  }
}
