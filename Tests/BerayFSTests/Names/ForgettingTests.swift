import Beray
import BerayAPI
import Synchronization
import SystemPackage
import Testing
import VFS

@testable import BerayFS

/// What nobody holds any more goes, as objects and not only as numbers.
@Suite(.timeLimit(.minutes(5))) struct ForgettingTests {
  @Test func whatTheKernelForgotGoesOnceItIsOutOfDate() async throws {
    let fixture = WorkFixture(.ours)
    for number in 0..<200 { fixture.server.put("d\(number / 20)/f\(number)", "text") }
    let names = try await fixture.walk()
    weak let node = try await fixture.node("d3/f61") as? WorkFile
    weak let directory = try await fixture.node("d3") as? WorkDirectory
    #expect(node != nil && directory != nil)
    let root = fixture.tree.root.inode
    // One of them is held by a program, and one by the kernel.
    let open = try await fixture.open("d5/f101").file
    let held = try await fixture.node("d6/f121")
    fixture.context.inodes.remember(held)
    fixture.context.inodes.forget(try #require(node).inode, count: 0)
    await fixture.time.sleepers(1)
    // The listing is good still.
    fixture.time.advance(by: .seconds(20))
    await fixture.settle()
    #expect(fixture.context.inodes.count == 211)
    fixture.time.advance(by: .seconds(25))
    while node != nil { await Task.yield() }
    // The directory goes with the rest, or stays where the server tells no modes again; the files beneath it have gone.
    while directory != nil, fixture.context.inodes.count != 51 { await Task.yield() }
    #expect(fixture.context.inodes[root] != nil)
    #expect(fixture.context.inodes[held.inode] != nil)
    #expect(try await fixture.readAll(open) == Array("text".utf8))
    #expect(try await fixture.walk() == names)
    #expect(try await fixture.text("d3/f61") == "text")
    #expect(try await fixture.node("d6/f121").inode == held.inode)
    try await open.release().get()
  }

  @Test func theTreeOfARemovedTaskGoes() async throws {
    let fixture = WorkFixture(.ours)
    fixture.server.put("d/f", "text")
    weak var tree: WorkTree?
    do {
      let made = WorkTree(
        context: fixture.context, task: TaskID(rawValue: 7), path: "7-t/files", shared: fixture.shared,
        isFinished: { true })
      tree = made
      try await made.refresher.refresh(made.root)
      made.removed()
    }
    while tree != nil { await Task.yield() }
  }

  /// A shell with a descriptor of a directory is no reason to copy each listing of it anew.
  @Test func aHeldDirectoryIsStillCopiedByTheKernel() async throws {
    let fixture = WorkFixture(.ours)
    for number in 0..<40 { fixture.server.put("f\(number)", "text") }
    let root = fixture.tree.root
    let handles = HandleTable()
    let held = handles.add(root, try await root.freshen().get())
    #expect(held.options.contains(.cacheDirectory))
    let reader = handles.add(root, try await root.freshen().get())
    #expect(reader.options.contains(.cacheDirectory))
    #expect(try handles.names(reader.handle, after: 0).1.count == 40)
    let warm = handles.add(root, try await root.freshen().get())
    #expect(warm.options.isSuperset(of: [.cacheDirectory, .keepCache]))
    // Both make one copy: what the slower one gives later is of the newer listing.
    let cookie = try #require(try handles.names(held.handle, after: 0).1.dropFirst(9).first?.cookie)
    try await fixture.unlink("f9")
    #expect(try await root.freshen().get() == .outdated)
    #expect(try handles.names(warm.handle, after: 0).1.count == 39)
    #expect(try handles.names(held.handle, after: cookie).1.allSatisfy { $0.name != "f9" })
  }
}
