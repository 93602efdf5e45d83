import Beray
import BerayAPI
import Synchronization
import SystemPackage
import VFS

/// The directory of one task: files made from the server's answers, and the work directory.
final class TaskDirectory: DirectoryNode {
  let inode: InodeID
  /// The listed name, which never changes.
  let name: Name
  let feed: TaskFeed
  var id: TaskID { feed.id }
  var path: String { name.string }

  private let context: MountContext
  private let registry: TaskRegistry
  private let shared: WorkShared
  private let wakeups = Wakeups()
  /// Made when somebody first looks inside: of ten thousand tasks, most are never entered.
  private let content = Mutex(Inside.unseen)

  private enum Inside {
    case unseen
    case entered(Content)
    /// The task is gone, and with it all that was in here.
    case removed

    var content: Content? { if case .entered(let content) = self { content } else { nil } }
  }

  private struct Content {
    struct Child {
      var name: Name
      var node: any Node
      /// Found by name only, so that no walk comes upon them: reading may block, or cost a whole archive.
      var isListed = true
    }

    var children: [Child]
    var work: WorkTree
  }

  /// - Parameter asked: when the server was asked for what `task` tells.
  init(
    _ inode: InodeID, task: BerayTask, asked: Duration, context: MountContext, registry: TaskRegistry,
    shared: WorkShared
  ) {
    self.inode = inode
    self.name = TaskName.listed(id: task.id, goal: task.goal)
    self.context = context
    self.registry = registry
    self.shared = shared
    self.feed = TaskFeed(
      task: task, asked: asked, context: context, path: name.string,
      listTasks: { [weak registry] () async throws(BerayError) in try await registry?.refresh() })
  }

  /// The kernel may go on with what it was told for this long.
  var window: Duration { context.options.window(finished: feed.isFinished) }

  func getattr(_ file: (any OpenFile)?) -> Outcome<AttributeReply> {
    let attributes = context.attributes(
      inode, .directory, permissions: 0o700, size: 0, modified: feed.modified, links: 3)
    return .ready(AttributeReply(attributes, timeout: window))
  }

  func lookup(_ name: Name, caller: Caller) -> Outcome<FoundNode> {
    guard !context.removals.hides(name, of: id), let child = entered()?.children.first(where: { $0.name == name })
    else {
      return .failed(.noSuchFileOrDirectory)
    }
    // The directory is locked during this answer, so the size of an archive is left to the getattr that follows.
    let attributes = (child.node as? ArchiveFile)?.unsizedReply
    return .ready(FoundNode(node: child.node, nameTimeout: SnapshotFile.forever, attributes: attributes))
  }

  /// rm(1) removes a directory that it cannot read by rmdir(2) at once, which deletes the task where that may be.
  func refusal(ofOpeningBy caller: Caller) -> Errno? {
    let intent = CallerIntent(caller, processes: context.processes)
    let isNamed = intent.removesTree { [registry] in
      ($0 == "last" ? registry.newest : registry.task(named: $0)) === self
    }
    return isNamed ? .permissionDenied : nil
  }

  func freshen() -> Outcome<KernelCopy> { .ready(.none) }

  func names(forKernel: Bool) -> [ListedName] {
    (entered()?.children ?? []).enumerated().filter { _, child in
      child.isListed && !context.removals.hides(child.name, of: id)
    }.map { index, child in
      ListedName(name: child.name, cookie: UInt64(index + 3), node: child.node)
    }
  }

  /// What memory cannot answer is left out, so that listing names costs no request for each task of a walk.
  func entry(of listed: ListedName) -> ListedEntry? {
    entered() == nil ? nil : ListedEntry(listed.node, nameTimeout: SnapshotFile.forever)
  }

  func mkdir(_ name: Name, permissions: UInt16, caller: Caller) -> Outcome<FoundNode> {
    .failed(refuse("mkdir", name))
  }

  func rmdir(_ name: Name, caller: Caller) -> Outcome<Void> { remove(name, caller, operation: "rmdir") }
  func unlink(_ name: Name, caller: Caller) -> Outcome<Void> { remove(name, caller, operation: "unlink") }

  private func remove(_ name: Name, _ caller: Caller, operation: String) -> Outcome<Void> {
    let deletes = context.options.rmDeletes && feed.isFinished
    context.removals.begin(id, by: caller, hiding: deletes ? name : nil)
    if deletes { return .done }
    return .failed(
      context.refuse(
        operation, "\(path)/\(name)", .notPermitted, "a task's own files cannot be removed one by one",
        advice: "delete the task with rmdir \(path); the files that you can remove are in \(path)/files/"))
  }

  func create(_ name: Name, permissions: UInt16, flags: OpenFlags, caller: Caller) -> Outcome<CreatedFile> {
    .failed(refuse("create", name))
  }

  func rename(
    _ name: Name, to newName: Name, in newDirectory: any DirectoryNode, flags: RenameFlags, caller: Caller
  ) -> Outcome<Void> { .failed(refuse("rename", name)) }

  private func refuse(_ operation: String, _ name: Name) -> Errno {
    context.refuse(
      operation, "\(path)/\(name)", .notPermitted, "only the server can add or rename what is directly in a task",
      advice: "the files that you can change are in \(path)/files/")
  }

  // MARK: - What is done to the task

  /// Deletes the task on the server, and its directory here.
  func delete(operation: String) async throws(Errno) {
    do {
      try await context.service.deleteTask(id)
    } catch  where error.code == .notFound {
      registry.remove(id)
      throw context.fail(operation, path, error)
    } catch {
      throw context.fail(operation, path, error)
    }
    registry.remove(id)
  }

  /// The next look at anything in here asks the server again.
  func expire() {
    feed.expire()
    guard let content = content.withLock({ $0.content }) else { return }
    content.work.dropCaches()
    for case let archive as ArchiveFile in content.children.map(\.node) { archive.expire() }
  }

  /// The task is gone from the server.
  func removed() {
    feed.removed()
    let content = content.withLock { inside in
      defer { inside = .removed }
      return inside.content
    }
    if let content { retire(content) }
    context.inodes.retire(inode)
  }

  // MARK: - Children

  /// The nodes in here, made by the first look; nil once the task is gone.
  private func entered() -> Content? {
    switch content.withLock({ $0 }) {
    case .entered(let content): return content
    case .removed: return nil
    case .unseen: break
    }
    let made = makeContent()
    let (kept, isMade) = content.withLock { inside -> (Content?, Bool) in
      guard case .unseen = inside else { return (inside.content, false) }
      inside = .entered(made)
      return (made, true)
    }
    if isMade {
      feed.observe { [weak self] change in self?.changed(change) }
    } else {
      // Another thread was first, or the task has gone meanwhile.
      retire(made)
    }
    return kept
  }

  private func retire(_ content: Content) {
    content.work.removed()
    for child in content.children { context.inodes.retire(child.node.inode) }
  }

  /// Tells the kernel and the work directory of news; called after the feed changed.
  private func changed(_ change: FeedChange) {
    wakeups.wakeAll(through: context.notifier)
    guard let content = content.withLock({ $0.content }) else { return }
    if case .removed = change {
      registry.remove(id)
      return
    }
    content.work.markStale()
    for child in content.children where child.node is SnapshotFile && child.name != "id" && child.name != "goal" {
      context.notifier.invalidate(child.node.inode, pages: true)
    }
    for case let log as EventsFile in content.children.map(\.node) { log.grew() }
    context.notifier.invalidate(inode, pages: false)
  }

  private func makeContent() -> Content {
    let feed = feed
    let work = WorkTree(
      context: context, task: id, path: "\(path)/files", shared: shared,
      isFinished: { [weak feed] in feed?.isFinished ?? true })
    var children: [Content.Child] = []
    func add(_ name: Name, isListed: Bool = true, _ make: (InodeID) -> some Node) {
      children.append(Content.Child(name: name, node: context.inodes.add(make), isListed: isListed))
    }
    add("id", snapshot("id", constant: { "\($0.id)\n" }))
    add("goal", snapshot("goal", constant: { $0.goal.hasSuffix("\n") ? $0.goal : $0.goal + "\n" }))
    add("status", snapshot("status", needsWhole: false) { $0.status.text + "\n" })
    // Lists leave out what only the task itself tells, so this shows the answer of the latter.
    add("task.json", snapshot("task.json", needsWhole: true) { $0.json })
    add("result", outcome("result") { $0.result(of: $1) })
    add("error", outcome("error") { $0.error(of: $1) })
    let (path, wakeups) = (path, wakeups)
    add("events") { EventsFile($0, path: path + "/events", rendering: .json, feed: feed, context: context) }
    add("events.log") {
      EventsFile($0, path: path + "/events.log", rendering: .text, feed: feed, context: context)
    }
    add("ctl") { [self] in ControlFile($0, task: self, context: context) }
    children.append(Content.Child(name: "files", node: work.root))
    for (name, rendering) in [("stream", Rendering.json), ("follow", .text)] {
      add(Name(name), isListed: false) { inode in
        BlockingFile(inode, path: "\(path)/\(name)", feed: feed, context: context, options: .nonSeekable) {
          feed.ensureFresh(needsEvents: true).map {
            StreamHandle(feed: feed, rendering: rendering, wakeups: wakeups)
          }
        }
      }
    }
    add("wait", isListed: false) { inode in
      BlockingFile(inode, path: path + "/wait", feed: feed, context: context) {
        feed.ensureFresh(needsEvents: false).map { WaitHandle(feed: feed, wakeups: wakeups) }
      }
    }
    add("files.zip", isListed: false) {
      ArchiveFile($0, path: path + "/files.zip", feed: feed, work: work, context: context)
    }
    return Content(children: children, work: work)
  }

  /// The outcome of the task: what the server tells with it, otherwise what its events tell.
  private func outcome(
    _ name: String, _ text: @escaping @Sendable (TaskAnswer, BerayTask) -> String
  ) -> (InodeID) -> SnapshotFile {
    { [feed, context, path] inode in
      SnapshotFile(inode, path: "\(path)/\(name)", context: context) {
        feed.ensureFresh(needsEvents: feed.task.raw[name] == nil).map {
          SnapshotFile.Content(
            text(feed.answer, feed.task), modified: feed.modified,
            timeout: context.options.window(finished: feed.isFinished))
        }
      }
    }
  }

  /// A file whose text never changes.
  private func snapshot(_ name: String, constant text: @escaping @Sendable (BerayTask) -> String) -> (InodeID) ->
    SnapshotFile
  {
    { [feed, context, path] inode in
      SnapshotFile(inode, path: "\(path)/\(name)", context: context) {
        .ready(.init(text(feed.task), modified: feed.modified, timeout: SnapshotFile.forever))
      }
    }
  }

  /// A file whose text is asked for if the known one is older than the window.
  /// - Parameter needsWhole: whether what a list of tasks tells is not enough.
  private func snapshot(
    _ name: String, needsWhole: Bool, current text: @escaping @Sendable (BerayTask) -> String
  ) -> (InodeID) -> SnapshotFile {
    { [feed, context, path] inode in
      SnapshotFile(inode, path: "\(path)/\(name)", context: context) {
        feed.ensureFresh(needsEvents: needsWhole).map {
          SnapshotFile.Content(
            text(feed.task), modified: feed.modified, timeout: context.options.window(finished: feed.isFinished))
        }
      }
    }
  }
}
