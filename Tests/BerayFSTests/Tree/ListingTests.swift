import Beray
import BerayAPI
import SystemPackage
import Testing
import VFS

@testable import BerayFS

/// What a listing tells that is read after something has changed.
@Suite(.timeLimit(.minutes(5))) struct ListingTests {
  let bed = TreeBed()

  private func opendir(_ inode: InodeID = .root) async throws -> OpenReply {
    try await bed.fileSystem.opendir(inode, caller: TreeBed.caller).get()
  }

  /// Everything behind `cookie`.
  private func readdirplus(
    _ handle: HandleID, of inode: InodeID = .root, after cookie: UInt64 = 0, first: Int = .max
  ) throws -> [DirectoryEntry] {
    var found: [DirectoryEntry] = []
    try bed.fileSystem.readdir(inode, handle: handle, after: cookie, withAttributes: true) { entry in
      guard found.count < first else { return false }
      found.append(copy entry)
      return true
    }
    return found
  }

  private func makeFile(_ name: Name, in directory: InodeID) async throws -> TreeBed.Handle {
    let reply = try await bed.fileSystem.create(
      name, in: directory, permissions: 0o644, flags: .write, caller: TreeBed.caller
    ).get()
    return TreeBed.Handle(inode: reply.entry.attributes.inode, id: reply.open.handle, options: reply.open.options)
  }

  @Test func attributesAreThoseOfTheMomentOfReading() async throws {
    bed.server.add("go")
    let files = try await bed.inode("1/files")
    let file = try await makeFile("a", in: files)
    try await bed.write(file, "abc")
    let directory = try await opendir(files).handle
    #expect(try readdirplus(directory, of: files, first: 0).isEmpty)
    try await bed.write(file, Array("defg".utf8), at: 3)
    #expect(try readdirplus(directory, of: files).map(\.entry?.attributes.size) == [7])
    try await bed.write(file, Array("h".utf8), at: 7)
    #expect(try readdirplus(directory, of: files).map(\.entry?.attributes.size) == [8])
    try await bed.release(file)
  }

  @Test func aNameThatIsGoneIsNotTold() async throws {
    bed.server.add("go")
    let files = try await bed.inode("1/files")
    let open = [try await makeFile("a", in: files), try await makeFile("b", in: files)]
    let directory = try await opendir(files).handle
    let first = try readdirplus(directory, of: files, first: 1)
    #expect(first.map(\.name) == ["a"])
    try await bed.fileSystem.unlink("b", in: files, caller: TreeBed.caller).get()
    #expect(try readdirplus(directory, of: files, after: first[0].cookie).isEmpty)
    for file in open { try await bed.release(file) }
  }

  @Test func aTaskThatIsGoneIsNotToldNorBroughtBack() async throws {
    bed.server.add("go")
    let task = try await bed.inode("1-go")
    let root = try await opendir().handle
    let first = try readdirplus(root, first: 1)
    try await bed.rmdir("1-go")
    #expect(try readdirplus(root, after: first[0].cookie).map(\.name) == ["new", ".beray"])
    // What was looked up is forgotten: by the test and by rmdir.
    bed.fileSystem.forget(task, count: 1)
    #expect(!bed.fileSystem.context.inodes.isRemembered(task))
  }

  @Test func theNamesAreThoseOfTheMomentOfTheFirstRead() async throws {
    _ = try await bed.ls()
    let root = try await opendir().handle
    try await bed.mkdir("go")
    #expect(try readdirplus(root).contains { $0.name == "1-go" })
    try await bed.mkdir("on")
    #expect(try readdirplus(root).contains { $0.name == "2-on" }, "rewinddir(3)")
  }

  /// All handles fill one copy, whoever holds one.
  @Test func whatFillsTheKernelsCopyIsAsNewAsItsNewestReader() async throws {
    let (a, b) = (try await opendir(), try await opendir())
    #expect((a.options, b.options) == ([.cacheDirectory], [.cacheDirectory]))
    let first = try readdirplus(a.handle, first: 1)
    try await bed.mkdir("go")
    _ = try readdirplus(b.handle)
    #expect(try readdirplus(a.handle, after: first[0].cookie).contains { $0.name == "1-go" })
    #expect(try await opendir().options == [.cacheDirectory, .keepCache])
  }

  @Test func theMtimeMovesWithTheListing() async throws {
    bed.server.add("go")
    _ = try await bed.ls()
    let before = try await bed.stat("").modified
    bed.server.add("on")
    bed.time.advance(by: .seconds(2))
    _ = try await bed.ls()
    #expect(try await bed.stat("").modified > before)
  }
}
