import Beray
import BerayAPI
import Logging
import Synchronization
import SystemPackage
import VFS

@testable import BerayFS

/// A work directory on a ``FakeWorkServer``, with the operations of a program.
struct WorkFixture {
  let server: FakeWorkServer
  let time = ManualTime()
  let context: MountContext
  let shared: WorkShared
  let tree: WorkTree
  let notices = NoticeList()
  let finished: Box<Bool>

  /// Processes of the tests: threads 10…19 are of process 10, and so on. Threads under 10 are gone.
  static let threadGroup: @Sendable (ProcessID) -> ProcessID? = { thread in
    thread.rawValue < 10 ? nil : ProcessID(rawValue: thread.rawValue / 10 * 10)
  }

  init(
    _ manner: FakeWorkServer.Manner = .full, cacheSize: Int = 64 << 20, limits: WorkShared.Limits = .init(),
    freshness: Duration? = nil, isFinished: Bool = true, scratchPatterns: [String] = [],
    spillDirectory: String = "/tmp/files-tests/spill"
  ) {
    server = FakeWorkServer(manner)
    let options = MountOptions(
      user: 1000, group: 1000, serverName: "test", rescueDirectory: "/tmp/files-tests/rescue",
      spillDirectory: spillDirectory, cacheSize: cacheSize, freshness: freshness,
      scratchPatterns: scratchPatterns)
    context = MountContext(service: server, options: options, time: time.source, logger: Logger(label: "test"))
    context.notifier = notices
    shared = WorkShared(context: context, limits: limits, threadGroup: Self.threadGroup)
    let finished = Box(isFinished)
    self.finished = finished
    tree = WorkTree(
      context: context, task: TaskID(rawValue: 7), path: "7-t/files", shared: shared, isFinished: { finished.value })
  }

  static let caller = Caller(user: 1000, group: 1000, process: ProcessID(rawValue: 10))
  static func caller(_ thread: Int32) -> Caller {
    Caller(user: 1000, group: 1000, process: ProcessID(rawValue: thread))
  }

  // MARK: - Operations

  func node(_ path: String) async throws(Errno) -> any Node {
    var node: any Node = tree.root
    for component in path.split(separator: "/") {
      guard let directory = node as? any DirectoryNode else { throw .notDirectory }
      node = try await directory.lookup(Name(String(component)), caller: Self.caller).get().node
    }
    return node
  }

  func directory(_ path: String) async throws(Errno) -> any DirectoryNode {
    guard let directory = try await node(path) as? any DirectoryNode else { throw .notDirectory }
    return directory
  }

  func names(_ path: String = "") async throws(Errno) -> [String] {
    try await listing(path).map(\.name.string)
  }

  /// The names of a directory, as the kernel asks for them.
  func listing(_ path: String = "") async throws(Errno) -> [ListedName] {
    let directory = try await directory(path)
    _ = try await directory.freshen().get()
    return directory.names(forKernel: true)
  }

  func stat(_ path: String) async throws(Errno) -> Attributes {
    try await node(path).getattr(nil).get().attributes
  }

  func open(_ path: String, _ flags: OpenFlags = .read, thread: Int32 = 10) async throws(Errno) -> OpenedFile {
    try await node(path).open(flags, caller: Self.caller(thread)).get()
  }

  func create(_ path: String, _ flags: OpenFlags = [.read, .write], thread: Int32 = 10) async throws(Errno)
    -> any OpenFile
  {
    let components = path.split(separator: "/")
    let parent = try await directory(components.dropLast().joined(separator: "/"))
    // As the kernel does.
    _ = try? await parent.lookup(Name(String(components.last ?? "")), caller: Self.caller).get()
    return try await parent.create(
      Name(String(components.last ?? "")), permissions: 0o644, flags: flags, caller: Self.caller(thread)
    ).get().opened.file
  }

  /// Reads a file as cat(1) does: open, reads of 128 KiB, release.
  func read(_ path: String) async throws(Errno) -> [UInt8] {
    let file = try await open(path).file
    let bytes = try await readAll(file)
    try await file.release().get()
    return bytes
  }

  func readAll(_ file: any OpenFile) async throws(Errno) -> [UInt8] {
    var bytes: [UInt8] = []
    while true {
      let piece = try await file.read(offset: Int64(bytes.count), count: 128 << 10, flags: .read).get()
      if piece.isEmpty { return bytes }
      bytes += piece
    }
  }

  func text(_ path: String) async throws(Errno) -> String { String(decoding: try await read(path), as: UTF8.self) }

  @discardableResult
  func write(_ file: any OpenFile, _ text: String, at offset: Int64? = 0) async throws(Errno) -> Int {
    try await write(file, Array(text.utf8), at: offset)
  }

  @discardableResult
  func write(_ file: any OpenFile, _ bytes: [UInt8], at offset: Int64?) async throws(Errno) -> Int {
    try await file.write(offset: offset, bytes: bytes.span.bytes, caller: Self.caller).get()
  }

  /// Makes a file with that text, as one program that closes it.
  func save(_ path: String, _ text: String) async throws(Errno) {
    let file = try await create(path, [.write, .truncate])
    try await write(file, text)
    try await close(file)
  }

  func rename(_ from: String, _ to: String, _ flags: RenameFlags = []) async throws(Errno) {
    let (old, new) = (from.split(separator: "/"), to.split(separator: "/"))
    let source = try await directory(old.dropLast().joined(separator: "/"))
    let target = try await directory(new.dropLast().joined(separator: "/"))
    try await source.rename(
      Name(String(old.last ?? "")), to: Name(String(new.last ?? "")), in: target, flags: flags, caller: Self.caller
    ).get()
  }

  func unlink(_ name: Name) async throws(Errno) {
    try await tree.root.unlink(name, caller: Self.caller).get()
  }

  func chmod(_ path: String, _ mode: UInt16) async throws(Errno) {
    _ = try await node(path).setattr(.init(permissions: mode), file: nil, caller: Self.caller).get()
  }

  /// Lets everything run that can, short of what waits for the server or the clock.
  func settle() async { for _ in 0..<20_000 { await Task.yield() } }

  /// What stands in `.beray/errors`.
  var errors: String { context.failures.text.text }

  func close(_ file: any OpenFile, thread: Int32 = 10) async throws(Errno) {
    try await file.flush(caller: Self.caller(thread)).get()
    try await file.release().get()
  }

  /// Everything beneath `path`, in the order in which find(1) comes upon it.
  func walk(_ path: String = "") async throws(Errno) -> [String] {
    var found: [String] = []
    for item in try await listing(path) {
      let name = path.isEmpty ? item.name.string : "\(path)/\(item.name)"
      found.append(name)
      if item.node.kind == .directory { found += try await walk(name) }
    }
    return found
  }
}

/// Whether both have the same bytes, for contents of which nobody wants to see the differences.
func isSame(_ left: [UInt8]?, _ right: [UInt8]) -> Bool { left == right }

/// A value that a test changes while others read it.
final class Box<Value: Sendable>: Sendable {
  private let state: Mutex<Value>
  init(_ value: Value) { state = Mutex(value) }
  var value: Value {
    get { state.withLock { $0 } }
    set { state.withLock { $0 = newValue } }
  }
}

/// What the kernel was told, in order.
final class NoticeList: Notifier {
  private let state = Mutex<[String]>([])
  var all: [String] { state.withLock { $0 } }
  func clear() { state.withLock { $0 = [] } }

  private let kept = Mutex<[@Sendable () -> Void]?>(nil)

  /// From now on the kernel gets no notice until ``letGo()``.
  func hold() { kept.withLock { $0 = [] } }

  func letGo() {
    for body in kept.withLock({ $0.take() }) ?? [] { body() }
  }

  func whenExpired(_ body: @escaping @Sendable () -> Void) { runOrKeep(body) }
  func whenInvalidated(_ inode: InodeID?, _ body: @escaping @Sendable () -> Void) { runOrKeep(body) }

  private func runOrKeep(_ body: @escaping @Sendable () -> Void) {
    let isKept = kept.withLock { kept in
      kept?.append(body)
      return kept != nil
    }
    if !isKept { body() }
  }

  func invalidate(_ inode: InodeID, pages: Bool) {
    state.withLock { $0.append("\(pages ? "pages" : "attributes") \(inode.rawValue)") }
  }
  func expire(_ name: Name, in directory: InodeID) { state.withLock { $0.append("expire \(name)") } }
  func wake(_ handle: HandleID) { state.withLock { $0.append("wake \(handle.rawValue)") } }
}

extension WorkFixture {
  /// As `echo TEXT >> PATH` does.
  func append(_ text: String, to path: String) async throws {
    let file = try await create(path, [.write, .append])
    try await write(file, text, at: nil)
    try await close(file)
  }
}
