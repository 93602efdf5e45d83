import Beray
import BerayAPI
import SystemPackage
import Testing
import VFS
import Waiting

@testable import BerayFS

/// The names of a directory, and what a listing may change of them.
@Suite struct DirectoryContentsTests {
  private let own = InodeID(rawValue: 9)
  private let above = InodeID(rawValue: 2)
  private let link: WorkNode

  init() {
    let fixture = WorkFixture()
    link = .link(
      WorkLink(
        InodeID(rawValue: 40), name: "l", target: "t", in: fixture.tree.root, modified: Timestamp(seconds: 0)))
  }

  private func at(_ seconds: Int64) -> Timestamp { Timestamp(seconds: seconds) }

  private func listed(at asked: Duration = .zero) -> DirectoryContents {
    var contents = DirectoryContents(source: own, at: at(10))
    contents.ends(listing: .init(asked: asked, marks: 0), of: own, askedAt: 0)
    return contents
  }

  private func names(_ contents: inout DirectoryContents) -> [Name] { contents.ordered().map(\.name) }

  @Test func theFirstListingIsNoChangeOfTheDirectory() {
    var contents = DirectoryContents(source: own, at: at(10))
    contents.insert(link, as: "a", touched: 0, at: at(10))
    #expect(contents.statusChanged == at(10) && contents.modified == at(10))
    contents.ends(listing: .init(asked: .zero, marks: 0), of: own, askedAt: 0)
    contents.insert(link, as: "b", touched: 1, at: at(20))
    #expect(contents.statusChanged == at(20) && contents.modified == at(20))
  }

  @Test func cookiesOnlyGrow() {
    var contents = listed()
    for name in ["a", "b"] { contents.insert(link, as: Name(name), touched: 1, at: at(11)) }
    var order = names(&contents)
    #expect(order == ["a", "b"])
    contents.remove("a", at: at(12))
    contents.insert(link, as: "a", touched: 2, at: at(12))
    order = names(&contents)
    #expect(order == ["b", "a"])
    #expect(Set(contents.children.values.map(\.cookie)).count == 2)
    contents.insert(link, as: "b", touched: 3, at: at(12))
    order = names(&contents)
    #expect(order == ["a", "b"])
  }

  @Test func aRemovalCountsUntilALaterListing() {
    var contents = listed()
    contents.insert(link, as: "a", touched: 1, at: at(11))
    contents.remove("a", at: at(12), tick: 5)
    #expect(contents.removals == ["a": 5] && !contents.isReproducible)
    contents.ends(listing: .init(asked: .zero, marks: 0), of: own, askedAt: 4)
    #expect(contents.removals == ["a": 5])
    contents.ends(listing: .init(asked: .zero, marks: 0), of: own, askedAt: 5)
    #expect(contents.removals.isEmpty && contents.isReproducible)
  }

  @Test func aNameThatIsMadeAgainIsNoRemoval() {
    var contents = listed()
    contents.remove("a", at: at(12), tick: 5)
    contents.insert(link, as: "a", touched: 6, at: at(13))
    #expect(contents.removals.isEmpty)
    contents.hold("a")
    contents.remove("a", at: at(14), tick: 7)
    #expect(contents.removals == ["a": 7])
  }

  /// While the server changes a name, no listing is before or after that.
  @Test(arguments: [true, false])
  func aHeldNameIsSettledLater(isThere: Bool) {
    var contents = listed()
    if isThere { contents.insert(link, as: "a", touched: 1, at: at(11)) }
    contents.hold("a")
    #expect(isThere ? contents.children["a"]?.placed == .max : contents.removals["a"] == .max)
    contents.settle("a", 8)
    #expect(
      contents.children["a"]?.touched == (isThere ? 8 : nil) && contents.children["a"]?.placed == (isThere ? 8 : nil))
    #expect(contents.removals["a"] == (isThere ? nil : 8))
  }

  @Test func aListingFromAboveThatLeavesItOutMakesItAskItself() {
    var contents = DirectoryContents(source: own, at: at(10))
    contents.ends(listing: .init(asked: .zero, marks: 0), of: above, askedAt: 0)
    contents.isListedFromAbove(own: own, tellsChildren: true, isWhole: true)
    #expect(contents.source == above && contents.freshness != nil && !contents.isLeftOut)
    contents.isListedFromAbove(own: own, tellsChildren: false, isWhole: true)
    #expect(contents.source == own && contents.freshness == nil && contents.isLeftOut)
    contents.ends(listing: .init(asked: .zero, marks: 0), of: own, askedAt: 0)
    contents.isListedFromAbove(own: own, tellsChildren: false, isWhole: false)
    #expect(contents.source == own && contents.freshness != nil && !contents.isLeftOut)
  }

  @Test func aListingThatTellsNoModeUndoesNone() {
    var contents = DirectoryContents(
      madeHere: own, at: at(10), mode: 0o750, isNew: true, freshness: .init(asked: .zero, marks: 0))
    #expect(contents.isNew)
    var isNews = contents.adopt(mode: nil, modified: at(30))
    #expect(isNews)
    #expect(!contents.isNew && contents.mode == 0o750 && contents.modified == at(30))
    isNews = contents.adopt(mode: nil, modified: at(30))
    #expect(!isNews)
    contents.sets(modified: at(40), isTold: true)
    isNews = contents.adopt(mode: 0o750, modified: at(40))
    #expect(!isNews)
    isNews = contents.adopt(mode: 0o700, modified: at(40))
    #expect(isNews)
  }

  @Test func allChildrenGoAsIfItWasNeverListed() {
    var contents = listed()
    contents.insert(link, as: "a", touched: 1, at: at(11))
    contents.isCopied()
    #expect(!contents.changedSinceListed)
    let taken = contents.takeChildren()
    #expect(taken.map(\.name) == ["a"])
    #expect(contents.children.isEmpty && contents.freshness == nil && contents.changedSinceListed)
    let order = names(&contents)
    #expect(order.isEmpty)
  }
}

/// The directories of a tree, and the listings under way.
@Suite struct TreeStructureTests {
  private let inode = InodeID(rawValue: 7)

  @Test func onlyADirectoryOfTheTreeChanges() {
    var structure = TreeStructure()
    let changed: Void? = structure.change(inode) { $0.isPlaced() }
    #expect(changed == nil)
    structure.add(inode, DirectoryContents(source: inode, at: Timestamp(seconds: 1)))
    let source = structure.change(inode) { $0.source }
    #expect(source == inode)
    structure.drop(inode)
    #expect(structure.directories.isEmpty)
  }

  @Test func aListingIsCurrentUntilAnythingMayHaveChanged() {
    var structure = TreeStructure()
    let (first, second) = (Flight<Void, Errno>(), Flight<Void, Errno>())
    structure.begins(listing: first, of: inode)
    #expect(structure.listing(of: inode)?.isCurrent == true)
    structure.markStale()
    #expect(structure.listing(of: inode)?.isCurrent == false)
    structure.begins(listing: second, of: inode)
    // The first comes late, and the second goes on.
    structure.ends(listing: first, of: inode)
    #expect(structure.listing(of: inode)?.flight === second)
    structure.ends(listing: second, of: inode)
    #expect(structure.listing(of: inode) == nil)
  }

  @Test func aDeletedTaskHasNoDirectories() {
    var structure = TreeStructure()
    structure.add(inode, DirectoryContents(source: inode, at: Timestamp(seconds: 1)))
    let removed = structure.removeAll()
    #expect(Array(removed.keys) == [inode])
    #expect(structure.isRemoved && structure.directories.isEmpty)
  }
}
