import BerayAPI
import Testing

@Suite struct ServerNumberTests {
  @Test(
    arguments: [
      ("0", 0), ("5", 5), ("60", 60), ("61", 60), ("9223372036854775807", 60), ("99999999999999999999", 60),
      ("-1", nil),
      ("", nil), ("1e3", nil), ("+5", nil), ("Wed, 21 Oct 2026 07:28:00 GMT", nil),
    ] as [(String, Int?)])
  func waitsAreCapped(text: String, seconds: Int?) {
    #expect(ServerNumber.wait(text) == seconds)
  }

  @Test func sizesAreSummable() throws {
    for text in ["-1", "1125899906842625", "9223372036854775807", "99999999999999999999", "1.5", ""] {
      #expect(ServerNumber.size(text) == nil)
    }
    #expect(ServerNumber.size("1125899906842624") == ServerNumber.largestSize)
    let listing =
      #"[{"name":"a","type":"file","size":9223372036854775807,"mode":99999999999,"modified":1e300},{"name":"b","size":-5},{"name":"c","size":7}]"#
    let entries = try FileEntry.list(parsing: Array(listing.utf8), requestedPath: ".", keepsRaw: false)
    #expect(entries.map(\.size) == [nil, nil, 7])
  }

  /// Both ways to read a listing give the same.
  @Test(
    arguments: [
      "[]", #"[{"name":"a","size":1}]"#, #"{"files":[{"name":"a"}],"n":1}"#, #"{"entries":["a","b/"]}"#,
      #"[{"name":"d","type":"directory","children":[{"name":"e","children":[]},{"name":"f","size":2}]}]"#,
      #"["d/a","d/b/c","x"]"#, #"[{"path":"sub/a"},{"path":"sub/b/c"}]"#,
      #"[{"name":"..","size":1},{"name":"a/b"},5,null]"#,
      #" {"data":{"x":[1]},"tree":[{"name":"q","children":null}]} "#,
    ], [".", "sub"])
  func aListingIsReadPieceByPiece(text: String, path: String) throws {
    func bare(_ entries: [FileEntry]) -> [FileEntry] {
      entries.map { entry in
        var entry = entry
        entry.raw = .null
        entry.children = entry.children.map(bare)
        return entry
      }
    }
    for recursive in [false, true] {
      let whole = try FileEntry.list(json: JSON(parsing: text), requestedPath: path, recursive: recursive)
      let pieces = try FileEntry.list(
        parsing: Array(text.utf8), requestedPath: path, recursive: recursive, keepsRaw: true)
      #expect(bare(pieces) == bare(whole))
    }
  }

  @Test(arguments: ["{", "[1,", #"[{"name":}]"#, "[] x", "5", #"{"detail":"no"}"#, ""])
  func whatIsNoListingIsRefused(text: String) {
    #expect(throws: (any Error).self) {
      try FileEntry.list(parsing: Array(text.utf8), requestedPath: ".", keepsRaw: false)
    }
  }

  @Test func moreValuesThanTheLimitAreRefused() {
    let text = "[" + String(repeating: "1,", count: JSON.valueLimit) + "1]"
    #expect(throws: JSONError.self) { try JSON(parsing: text) }
  }
}
