import Beray
import BerayAPI
import Synchronization
import SystemPackage
import VFS
import Waiting

/// `.beray/events`: the events of all tasks from its open on, as they come: `{"task":42,"event":{…}}`, a line each. A read
/// blocks for the next; it ends with the mount. It is not listed and has no size.
final class AllEventsFile: Node {
  let inode: InodeID
  var kind: FileKind { .regular }
  var path: String { ".beray/events" }
  private let registry: TaskRegistry
  private let context: MountContext
  private let opened: Timestamp

  init(_ inode: InodeID, registry: TaskRegistry, context: MountContext) {
    self.inode = inode
    self.registry = registry
    self.context = context
    self.opened = context.time.now()
  }

  func getattr(_ file: (any OpenFile)?) -> Outcome<AttributeReply> {
    let attributes = context.attributes(inode, .regular, permissions: 0o400, size: 0, modified: opened)
    return .ready(AttributeReply(attributes, timeout: .zero))
  }

  func open(_ flags: OpenFlags, caller: Caller) -> Outcome<OpenedFile> {
    guard !flags.contains(.write) else { return .failed(.permissionDenied) }
    return .pending { [registry, context] () async throws(Errno) in
      try await context.call("open", ".beray/events") { () async throws(BerayError) in try await registry.refresh() }
      let handle = AllEventsHandle(registry: registry, context: context)
      await handle.start()
      return OpenedFile(handle, options: [.directIO, .noFlush, .nonSeekable])
    }
  }
}

/// An open ``AllEventsFile``: follows every task that has not ended, and each that comes.
final class AllEventsHandle: OpenFile {
  private struct State {
    var queue: [UInt8] = []
    var isOver = false
    var following: [TaskID: Task<Void, Never>] = [:]
    var watch: Task<Void, Never>?
    var observer: RegistryObservers.Token?
    var handle: HandleID?
    /// Finished when there is more to read, or less to keep.
    var change = Flight<Void, Errno>()

    mutating func nextChange() -> Flight<Void, Errno> {
      defer { change = Flight() }
      return change
    }
  }

  /// How many bytes wait for a slow reader; the rest stays in the logs.
  private static let limit = 1 << 20
  /// How often is asked for tasks that others made.
  private static let interval = Duration.seconds(1)

  private let registry: TaskRegistry
  private let context: MountContext
  private let state = Mutex(State())

  init(registry: TaskRegistry, context: MountContext) {
    self.registry = registry
    self.context = context
  }

  /// Finds the end of each log, and follows from there, so that nothing after it is missed.
  func start() async {
    let token = registry.observers.add(
      .init(taskCame: { [weak self] in self?.follow($0, from: 0) }, ended: { [weak self] in self?.end() }))
    state.withLock { $0.observer = token }
    await withTaskGroup { group in
      for task in registry.snapshot.tasks where !task.feed.task.status.isFinished {
        group.addTask { [self] in
          try? await task.feed.ensureFresh(needsEvents: true).get()
          follow(task, from: task.feed.size(of: .json))
        }
      }
    }
    let watch = Task { [weak self, registry, context] in
      while !Task.isCancelled, self != nil {
        try? await context.time.sleep(Self.interval)
        try? await registry.refresh()
      }
    }
    state.withLock { $0.watch = watch }
  }

  private func follow(_ task: TaskDirectory, from start: Int64) {
    state.withLock { state in
      guard !state.isOver, state.following[task.id] == nil else { return }
      state.following[task.id] = Task { [weak self] in
        task.feed.hold()
        await Self.pass(task.feed, from: start) { await self?.put($0) ?? false }
        task.feed.letGo()
        self?.state.withLock { _ = $0.following.removeValue(forKey: task.id) }
      }
    }
  }

  /// Gives the lines of a task's log to `put`, until the task ends or `put` takes no more.
  private static func pass(_ feed: TaskFeed, from start: Int64, _ put: ([UInt8]) async -> Bool) async {
    try? await feed.ensureFresh(needsEvents: true).get()
    let begin = Array("{\"task\":\(feed.id),\"event\":".utf8)
    var cursor = start
    var count = 64 << 10
    while !Task.isCancelled {
      guard (try? await feed.waitForMore(than: cursor, of: .json)) == true else { return }
      let bytes = feed.read(.json, offset: cursor, count: count)
      guard let end = bytes.lastIndex(of: UInt8(ascii: "\n")) else {
        // The line is longer than the piece; the log itself has only whole lines.
        count *= 2
        continue
      }
      var lines: [UInt8] = []
      for line in bytes[..<end].split(separator: UInt8(ascii: "\n")) {
        lines += begin
        lines += line
        lines += Array("}\n".utf8)
      }
      cursor += Int64(end - bytes.startIndex + 1)
      guard await put(lines) else { return }
    }
  }

  /// Hands lines to the reader when there is room.
  /// - Returns: whether anybody still reads.
  private func put(_ lines: [UInt8]) async -> Bool {
    while true {
      let step = state.withLock { state -> Step in
        if state.isOver { return .over }
        guard state.queue.count < Self.limit else { return .full(state.change) }
        state.queue += lines
        return .queued(state.nextChange(), state.handle)
      }
      switch step {
      case .over: return false
      case .queued(let change, let handle):
        change.finish(.success(()))
        if let handle { context.notifier.wake(handle) }
        return true
      case .full(let change):
        do { try await change.value() } catch { return false }
      }
    }
  }

  /// What became of lines for the reader.
  private enum Step {
    /// Finish the change, and wake who polls the handle. The lines may come before the handle has its number.
    case queued(Flight<Void, Errno>, HandleID?)
    /// Wait until the reader has taken some.
    case full(Flight<Void, Errno>)
    case over
  }

  func opened(as handle: HandleID) { state.withLock { $0.handle = handle } }

  func read(offset: Int64, count: Int, flags: OpenFlags) -> Outcome<ArraySlice<UInt8>> {
    if let bytes = take(count) { return .ready(bytes) }
    if flags.contains(.nonBlocking) { return .failed(.resourceTemporarilyUnavailable) }
    return .pending { [self] () async throws(Errno) in
      while true {
        let change = state.withLock { $0.change }
        if let bytes = take(count) { return bytes }
        try await change.value()
      }
    }
  }

  /// The next bytes; empty at the end, and nil if there are none yet.
  private func take(_ count: Int) -> ArraySlice<UInt8>? {
    let (bytes, change) = state.withLock { state -> (ArraySlice<UInt8>?, Flight<Void, Errno>?) in
      guard !state.queue.isEmpty else { return (state.isOver ? [] : nil, nil) }
      let bytes = Array(state.queue.prefix(count))
      state.queue.removeFirst(bytes.count)
      return (bytes[...], state.nextChange())
    }
    change?.finish(.success(()))
    return bytes
  }

  func poll() -> PollEvents { state.withLock { !$0.queue.isEmpty || $0.isOver } ? [.readable] : [] }

  func release() -> Outcome<Void> {
    end()
    return .done
  }

  private func end() {
    let (change, tasks, observer, handle) = state.withLock { state in
      state.isOver = true
      return (
        state.nextChange(), Array(state.following.values) + [state.watch].compactMap(\.self), state.observer,
        state.handle
      )
    }
    if let observer { registry.observers.remove(observer) }
    for task in tasks { task.cancel() }
    change.finish(.success(()))
    if let handle { context.notifier.wake(handle) }
  }
}
