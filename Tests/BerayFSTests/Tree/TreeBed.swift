import Beray
import BerayAPI
import Logging
import SystemPackage
import VFS

@testable import BerayFS

/// A file system over a ``TreeServer``, with what a shell does to it: every call goes through `protocol FileSystem`.
struct TreeBed {
  /// An open file.
  struct Handle {
    var inode: InodeID
    var id: HandleID
    var options: OpenReply.Options
  }

  let server: TreeServer
  let time = ManualTime()
  let notices = NoticeList()
  let processes = FakeProcesses()
  let fileSystem: BerayFileSystem
  static let caller = Caller(user: 1000, group: 1000, process: ProcessID(rawValue: 10))
  /// Who calls; the same file system seen by another.
  var caller = TreeBed.caller

  func by(_ process: Int32) -> TreeBed {
    var bed = self
    bed.caller.process = ProcessID(rawValue: process)
    return bed
  }

  init(_ server: TreeServer = TreeServer(), _ change: (inout MountOptions) -> Void = { _ in }) {
    self.server = server
    var options = MountOptions(
      user: 1000, group: 1001, serverName: "http://localhost:8000", rescueDirectory: "/tmp/tree-tests/rescue",
      spillDirectory: "/tmp")
    change(&options)
    fileSystem = BerayFileSystem(
      service: server, options: options, time: time.source, processes: processes.table,
      logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
    fileSystem.start(notifier: notices)
  }

  // MARK: - Names

  /// Looks `path` up from the root, as the kernel does where it remembers nothing.
  @discardableResult
  func lookup(_ path: String) async throws(Errno) -> Entry {
    var entry: Entry?
    for component in path.split(separator: "/") {
      let parent = entry?.attributes.inode ?? .root
      entry = try await fileSystem.lookup(Name(String(component)), in: parent, caller: caller).get()
    }
    guard let entry else { throw .invalidArgument }
    return entry
  }

  func inode(_ path: String) async throws(Errno) -> InodeID {
    path.isEmpty ? .root : try await lookup(path).attributes.inode
  }

  func stat(_ path: String) async throws(Errno) -> Attributes {
    try await fileSystem.getattr(try await inode(path), handle: nil, caller: caller).get().attributes
  }

  func entries(_ path: String = "", withAttributes: Bool = false) async throws(Errno) -> [DirectoryEntry] {
    let inode = try await inode(path)
    let handle = try await fileSystem.opendir(inode, caller: caller).get().handle
    defer { fileSystem.releasedir(inode, handle: handle) }
    var found: [DirectoryEntry] = []
    try fileSystem.readdir(inode, handle: handle, after: 0, withAttributes: withAttributes) { entry in
      found.append(copy entry)
      return true
    }
    return found
  }

  func ls(_ path: String = "") async throws(Errno) -> [String] { try await entries(path).map(\.name.string) }
  /// The listed tasks.
  func tasks() async throws(Errno) -> [String] { try await ls().filter { $0.first?.isNumber == true } }

  @discardableResult
  func mkdir(_ path: String) async throws(Errno) -> Entry {
    let (parent, name) = try await place(path)
    return try await fileSystem.mkdir(name, in: parent, permissions: 0o777, caller: caller).get()
  }

  func rmdir(_ path: String) async throws(Errno) {
    let (parent, name) = try await place(path)
    try await fileSystem.rmdir(name, in: parent, caller: caller).get()
  }

  func unlink(_ path: String) async throws(Errno) {
    let (parent, name) = try await place(path)
    try await fileSystem.unlink(name, in: parent, caller: caller).get()
  }

  func place(_ path: String) async throws(Errno) -> (InodeID, Name) {
    let components = path.split(separator: "/")
    return (try await inode(components.dropLast().joined(separator: "/")), Name(String(components.last ?? "")))
  }

  func readlink(_ path: String) async throws(Errno) -> String {
    try await fileSystem.readlink(try await inode(path)).get()
  }

  // MARK: - Files

  func open(_ path: String, _ flags: OpenFlags = .read) async throws(Errno) -> Handle {
    let inode = try await inode(path)
    let reply = try await fileSystem.open(inode, flags: flags, caller: caller).get()
    return Handle(inode: inode, id: reply.handle, options: reply.options)
  }

  func read(
    _ file: Handle, at offset: Int64 = 0, count: Int = 1 << 20, _ flags: OpenFlags = .read
  ) async throws(Errno) -> String {
    let bytes = try await fileSystem.read(file.inode, handle: file.id, offset: offset, count: count, flags: flags).get()
    return String(decoding: bytes, as: UTF8.self)
  }

  @discardableResult
  func write(_ file: Handle, _ bytes: [UInt8], at offset: Int64 = 0) async throws(Errno) -> Int {
    try await fileSystem.write(
      file.inode, handle: file.id, offset: offset, bytes: bytes.span.bytes, caller: caller
    )
    .get()
  }

  @discardableResult
  func write(_ file: Handle, _ text: String) async throws(Errno) -> Int { try await write(file, Array(text.utf8)) }

  func flush(_ file: Handle) async throws(Errno) {
    try await fileSystem.flush(file.inode, handle: file.id, caller: caller).get()
  }

  func release(_ file: Handle) async throws(Errno) {
    try await fileSystem.release(file.inode, handle: file.id).get()
  }

  func close(_ file: Handle) async throws(Errno) {
    try await flush(file)
    try await release(file)
  }

  /// Reads a file as cat(1) does.
  func cat(_ path: String) async throws(Errno) -> String {
    let file = try await open(path)
    let text: String
    do throws(Errno) { text = try await read(file) } catch {
      try await release(file)
      throw error
    }
    try await release(file)
    return text
  }

  /// Writes as `echo > path` does.
  @discardableResult
  func echo(_ text: String, to path: String) async throws(Errno) -> Int {
    let file = try await open(path, [.write, .truncate])
    let result: Result<Int, Errno>
    do throws(Errno) { result = .success(try await write(file, text)) } catch { result = .failure(error) }
    try await close(file)
    return try result.get()
  }

  /// The lines of `.beray/errors`, each split into its fields.
  func errors() async throws(Errno) -> [[String]] {
    try await cat(".beray/errors").split(separator: "\n").map { line in
      line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
    }
  }
}

/// The errno that `body` throws, or nil.
func errno<Value>(_ body: @autoclosure () async throws -> Value) async -> Errno? {
  do { _ = try await body() } catch { return error as? Errno }
  return nil
}
