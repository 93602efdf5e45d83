import BerayAPI
import Testing

@Suite struct FileEntryTests {
  private func list(_ text: String, path: String = ".", recursive: Bool = false) throws -> [FileEntry] {
    try FileEntry.list(json: try JSON(parsing: text), requestedPath: path, recursive: recursive)
  }

  private func shape(_ entries: [FileEntry]) -> String {
    entries.map { entry in
      entry.name + (entry.kind == .directory ? "/" : "") + (entry.children.map { "(\(shape($0)))" } ?? "")
    }.joined(separator: " ")
  }

  @Test func readsTheSDKsEntries() throws {
    #expect(
      try list(#"[{"name":"file.txt","type":"file"}]"#)
        == [FileEntry(name: "file.txt", kind: .file, raw: ["name": "file.txt", "type": "file"])])
  }

  @Test func keepsWhatCame() throws {
    let entries = try list(#"[{"name":"a","type":"file","owner":"ann"},{"path":"d/f","type":"file"}]"#)
    #expect(
      entries.map(\.raw) == [["name": "a", "type": "file", "owner": "ann"], ["name": "d", "type": "directory"]])
  }

  @Test func readsEveryField() throws {
    let entry = try #require(
      try list(
        #"[{"name":"a","path":"a","type":"file","size":"12","modified":"2026-01-02T03:04:05.000000007Z","mode":420,"etag":"\"x\""}]"#
      ).first)
    #expect(entry.size == 12)
    #expect(entry.modified == UTCTime(seconds: 1_767_323_045, nanoseconds: 7))
    #expect(entry.mode == 0o644)
    #expect(entry.etag == "\"x\"")
    #expect(try list(#"[{"name":"a","mode":"0755","mtime":1767323045123,"size":-1}]"#).first?.mode == 0o755)
    let odd = try #require(try list(#"[{"name":"a","mode":33188,"size":-1}]"#).first)
    #expect(odd.mode == 0o644 && odd.size == nil)
    #expect(try list(#"[{"name":"l","type":"symlink","target":"../x"}]"#).first?.target == "../x")
  }

  @Test(arguments: [
    (#"{"name":"a","type":"Directory"}"#, FileEntry.Kind.directory), (#"{"name":"a","type":"folder"}"#, .directory),
    (#"{"name":"a","kind":"dir"}"#, .directory), (#"{"name":"a","is_dir":true}"#, .directory),
    (#"{"name":"a","children":[]}"#, .directory),
    (#"{"name":"a/"}"#, .directory), (#"{"name":"a"}"#, .file),
    (#"{"name":"a","type":"symbolic-link"}"#, .symbolicLink),
    (#"{"name":"a","type":"fifo"}"#, .other), (#""a""#, .file), (#""a/""#, .directory),
  ])
  func readsKinds(text: String, kind: FileEntry.Kind) throws {
    let entries = try list("[\(text)]")
    #expect(entries.map(\.kind) == [kind])
    #expect(entries.map(\.name) == ["a"])
  }

  @Test(arguments: ["files", "items", "entries", "tree", "children", "data"])
  func findsTheListInAnObject(name: String) throws {
    #expect(try shape(list(#"{"\#(name)":[{"name":"a"}]}"#)) == "a")
  }

  @Test func refusesWhatIsNoList() {
    #expect(throws: UnexpectedJSON.self) { try list(#"{"message":"no"}"#) }
  }

  @Test(arguments: [
    (
      #"[{"name":"d","type":"dir","children":[{"name":"e","type":"dir","children":[{"name":"f"}]},{"name":"g"}]}]"#,
      "d/(e/(f) g)"
    ),
    (#"[{"path":"d","type":"dir"},{"path":"d/e/f","type":"file"},{"path":"./d/g"},{"path":"h"}]"#, "d/(e/(f) g) h"),
    (#"[{"name":"f","path":"d/e/f"},{"name":"d","path":"d","type":"dir"}]"#, "d/(e/(f))"),
    (#"["d/e/f","d/x/","h"]"#, "d/(e/(f) x/) h"),
    (#"[{"name":"f","path":"."},{"name":"g","path":"./g"},{"name":"h","path":"/srv/files/h"}]"#, "f g h"),
    (#"[{"path":"a","type":"file"},{"path":"a/b","type":"file"}]"#, "a"),
  ])
  func buildsTheTree(text: String, tree: String) throws {
    #expect(try shape(list(text)) == tree)
  }

  @Test(arguments: [
    (#"[{"name":"a","path":"s/t/a"},{"name":"b","path":"s/t/u/b"}]"#, "a u/(b)"),
    (#"[{"path":"a"},{"path":"u/b"}]"#, "a u/(b)"),
    (#"[{"name":"a","path":"s/t"}]"#, "a"),
    (#"[{"name":"t","path":"s/t","type":"dir","children":[{"name":"a"}]}]"#, "a"),
    (#"[{"name":"a","path":"s/t/a"},{"name":"b"}]"#, "a b"),
  ])
  func pathsMayStartAtTheTopOrAtTheRequestedDirectory(text: String, tree: String) throws {
    #expect(try shape(list(text, path: "s/t")) == tree)
    #expect(try shape(list(text, path: "./s/t/")) == tree)
  }

  @Test(arguments: [
    #"{"name":"."}"#, #"{"name":".."}"#, #"{"name":""}"#, #"{"name":"a/b"}"#, #"{"name":"a\u0000b"}"#,
    #"{"path":"../x"}"#, #"{"path":"a/../x"}"#,
    #"{}"#, "5", "null", #""..""#,
  ])
  func dropsHostileNames(text: String) throws {
    #expect(try shape(list("[\(text),{\"name\":\"ok\"}]")) == "ok")
  }

  @Test func aNameAloneIsNoPath() throws {
    #expect(try shape(list(#"[{"name":"a"}]"#, path: "a")) == "a")
    #expect(try shape(list(#"[{"name":"a","type":"dir"}]"#, path: "a")) == "a/")
    #expect(try shape(list(#"[{"name":"a","path":"a/a"}]"#, path: "a")) == "a")
  }

  @Test func dropsPathsThatNobodyCouldName() throws {
    let deep = String(repeating: "a/", count: 20_000) + "f"
    #expect(try shape(list(#"["\#(deep)",{"path":"\#(deep)"},{"name":"ok"}]"#)) == "ok")
    let long = String(repeating: "abcdefghi/", count: 410) + "f"
    #expect(try shape(list(#"["\#(long)","ok"]"#)) == "ok")
    let deepest = String(repeating: "a/", count: 511) + "f"
    #expect(try list(#"["\#(deepest)"]"#).count == 1)
  }

  @Test func nestsAsDeepAsJSONMay() throws {
    let depth = JSON.depthLimit / 2 - 1
    let text =
      String(repeating: #"[{"name":"d","children":"#, count: depth) + "[]" + String(repeating: "}]", count: depth)
    var entries = try list(text, recursive: true)
    var found = 0
    while let first = entries.first {
      found += 1
      entries = first.children ?? []
    }
    #expect(found == depth)
    #expect(throws: JSONError.self) { try JSON(parsing: String(repeating: "[", count: 100_000)) }
  }

  @Test func refusesSizesThatNoFileHas() throws {
    #expect(try list(#"[{"name":"a","size":1125899906842624}]"#).first?.size == 1 << 50)
    #expect(try list(#"[{"name":"a","size":1125899906842625}]"#).first?.size == nil)
  }

  @Test(arguments: [
    (#""updated_at":"2026-01-02T03:04:05Z""#, 0), (#""mtime":1767323045"#, 0),
    (#""modified":1767323045.5"#, 500_000_000),
    (#""mtime":1767323045123"#, 123_000_000), (#""mtime":1767323045123456"#, 123_456_000),
    (#""mtime_ns":1767323045123456789"#, 123_456_789),
  ])
  func readsTimes(member: String, nanoseconds: Int32) throws {
    let time = UTCTime(seconds: 1_767_323_045, nanoseconds: nanoseconds)
    #expect(try list("[{\"name\":\"a\",\(member)}]").first?.modified == time)
  }

  @Test func boundsNames() throws {
    #expect(FileEntry.isAcceptable(name: String(repeating: "é", count: 127)))
    #expect(!FileEntry.isAcceptable(name: String(repeating: "é", count: 128)))
  }

  @Test func dropsDuplicatesByBytes() throws {
    #expect(try shape(list(#"[{"name":"a","size":1},{"name":"a","size":2}]"#)) == "a")
    #expect(try list(#"[{"name":"e\u0301"},{"name":"\u00e9"}]"#).count == 2)
  }

  @Test func emptyChildrenOfOneLevelAreUnknown() throws {
    let oneLevel = #"[{"name":"d","type":"dir","children":[]},{"name":"e","type":"dir","children":[]}]"#
    #expect(try shape(list(oneLevel)) == "d/ e/")
    #expect(try shape(list(oneLevel, recursive: true)) == "d/() e/()")
    #expect(
      try shape(list(#"[{"name":"d","type":"dir","children":[]},{"name":"e","children":[{"name":"f"}]}]"#))
        == "d/() e/(f)")
    #expect(try shape(list(#"[{"name":"f","type":"file","children":[]}]"#)) == "f")
    #expect(try shape(list(#"[{"name":"d","type":"dir","children":null}]"#, recursive: true)) == "d/")
  }
}
