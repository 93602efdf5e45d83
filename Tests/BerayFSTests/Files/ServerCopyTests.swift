import Beray
import BerayAPI
import Testing

@testable import BerayFS

/// What is known of a file on the server, event by event.
struct ServerCopyTests {
  private static let time = UTCTime(seconds: 1000, nanoseconds: 0)
  private static let old = FileVersion(size: 3, modified: time, etag: "\"a\"")
  private static let new = FileVersion(size: 3, modified: time, etag: "\"b\"")

  /// A copy that this mount uploaded as `version`, before any listing shows it.
  private static func uploaded(_ version: FileVersion) -> ServerCopy {
    var copy = ServerCopy(old)
    copy.tookUpload(version, answered: time, digest: nil, isWhole: true, isAlone: true, at: .seconds(7))
    return copy
  }

  /// What a listing shows, by what was known, and whether all of it is this mount's afterwards.
  static let listings:
    [(name: String, copy: ServerCopy, shown: FileVersion, isOwn: Bool, isSame: Bool, isMadeHere: Bool)] = [
      ("the version that was known", ServerCopy(old), old, false, true, false),
      ("another", ServerCopy(old), new, false, false, false),
      ("names alone", ServerCopy(old), FileVersion(), false, true, false),
      ("what was uploaded", uploaded(new), new, true, true, true),
      (
        "what others made of it", uploaded(new), FileVersion(size: 4, modified: time, etag: "\"c\""), false, false,
        false
      ),
      ("the version before it", uploaded(new), old, false, false, false),
    ]

  @Test(arguments: listings.indices) func aListingIsReadByWhatIsKnown(_ index: Int) {
    let listing = Self.listings[index]
    var copy = listing.copy
    let news = copy.shows(listing.shown)
    #expect(news.old == listing.copy.listed, "\(listing.name)")
    #expect(news.isOwn == listing.isOwn, "\(listing.name)")
    #expect(news.isSame == listing.isSame, "\(listing.name)")
    #expect(copy.isMadeHere == listing.isMadeHere, "\(listing.name)")
    #expect(copy.listed == listing.shown && copy.unlisted == nil, "\(listing.name)")
  }

  @Test func anUploadIsKnownUntilItIsForgotten() {
    var copy = Self.uploaded(Self.new)
    #expect(copy.checked == .seconds(7) && copy.contentTag == "\"b\"" && copy.isMadeHere)
    // No listing has shown it, so nobody knows whether it is still there.
    let isUnknown = copy.forget()
    #expect(isUnknown && !copy.isMadeHere && copy.unlisted == nil)
    _ = copy.shows(Self.new)
    let isUnknownAgain = copy.forget()
    #expect(!isUnknownAgain)
  }

  /// An answer may show a later version than the listing: only what listings tell is compared with the next one.
  @Test func anAnswerOfOthersChangesWhatListingsTell() {
    var copy = ServerCopy(FileVersion(size: 3, modified: Self.time))
    copy.showsOther("\"x\"", size: 9)
    #expect(copy.listed == FileVersion(size: 9, modified: Self.time))
    var silent = ServerCopy(FileVersion())
    silent.showsOther("\"x\"", size: 9)
    #expect(silent.listed == FileVersion())
    copy.wasRead("\"x\"", at: .seconds(1))
    copy.contentChanged()
    #expect(copy.contentTag == nil && copy.checked == nil)
  }
}
