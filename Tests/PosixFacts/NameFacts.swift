import SystemPackage
import VFS

enum NameFacts {
  static let names: [PosixFact] = [
    PosixFact("names of every script are kept byte for byte") { world in
      let names = [
        "日本語", "Ελληνικά", "עברית", "हिन्दी", "emoji 🦀", "é", "e\u{301}", "a b", "-x", "a\nb", "q\"'\\", "*?[", "…",
      ]
      for (number, name) in names.enumerated() { try await world.make(name, "\(number)") }
      try world.expect(Set(try await world.list("").map { Array($0.utf8) }) == Set(names.map { Array($0.utf8) }))
      for (number, name) in names.enumerated() { try world.expect(try await world.text(name) == "\(number)", name) }
    },
    PosixFact("255 bytes are a name and 256 are not") { world in
      let long = String(repeating: "n", count: 255)
      try await world.make(long, "x")
      try world.expect(try await world.text(long) == "x")
      try await world.fails(.fileNameTooLong) { () async throws(Errno) in try await world.stat(long + "n") }
      try await world.fails(.fileNameTooLong) { () async throws(Errno) in try await world.make(long + "n") }
      try await world.fails(.fileNameTooLong) { () async throws(Errno) in try await world.mkdir(long + "n") }
    },
    PosixFact("case tells names apart") { world in
      try await world.make("name", "1")
      try await world.make("Name", "2")
      try world.expect(try await world.text("name") == "1")
    },
    PosixFact("directories lie within directories") { world in
      var path = ""
      for depth in 0..<20 {
        path += (path.isEmpty ? "" : "/") + "d\(depth)"
        try await world.mkdir(path)
      }
      try await world.make(path + "/f", "deep")
      try world.expect(try await world.text(path + "/f") == "deep")
    },
    PosixFact("unlink takes the name away") { world in
      try await world.make("f", "x")
      try await world.unlink("f")
      try await world.fails(.noSuchFileOrDirectory) { () async throws(Errno) in try await world.stat("f") }
      try await world.fails(.noSuchFileOrDirectory) { () async throws(Errno) in try await world.unlink("f") }
      try world.expect(try await world.list("") == [])
    },
    PosixFact("a name can be made anew") { world in
      for number in 0..<5 {
        try await world.make("f", "\(number)")
        try world.expect(try await world.text("f") == "\(number)")
        try await world.unlink("f")
      }
      try await world.mkdir("f")
      try world.expect(try await world.stat("f").kind == .directory)
    },
    PosixFact("a name that is made anew is another file") { world in
      try await world.make("f", "old")
      let old = try await world.open("f", .read)
      try await world.unlink("f")
      try await world.make("f", "new")
      try world.expect(try await world.text(old) == "old")
      try world.expect(try await world.stat("f").inode != world.fstat(old).inode)
      try await world.close(old)
      try world.expect(try await world.text("f") == "new")
    },
    PosixFact("an unlinked open file keeps its content") { world in
      try await world.make("f", "text")
      let file = try await world.open("f", .read)
      try await world.unlink("f")
      try world.expect(try await world.text(file) == "text")
      try world.expect(try await world.fstat(file).size == 4)
      try await world.close(file)
    },
    PosixFact("an unlinked open file is still written") { world in
      let file = try await world.open("f", [.read, .write], creating: 0o644)
      try await world.write(file, "text", at: 0)
      try await world.unlink("f")
      try await world.write(file, "more", at: 4)
      try world.expect(try await world.text(file) == "textmore")
      try await world.ftruncate(file, to: 2)
      try world.expect(try await world.text(file) == "te")
      try await world.close(file)
      try world.expect(try await world.list("") == [])
    },
    PosixFact("unlink is for files and rmdir for directories") { world in
      try await world.make("f")
      try await world.mkdir("d")
      try await world.fails(.isDirectory) { () async throws(Errno) in try await world.unlink("d") }
      try await world.fails(.notDirectory) { () async throws(Errno) in try await world.rmdir("f") }
    },
  ]

  static let renames: [PosixFact] = [
    PosixFact("rename gives the file another name") { world in
      try await world.make("a", "text")
      try await world.rename("a", to: "b")
      try await world.fails(.noSuchFileOrDirectory) { () async throws(Errno) in try await world.stat("a") }
      try world.expect(try await world.text("b") == "text")
      try world.expect(try await world.list("") == ["b"])
    },
    PosixFact("rename keeps the inode and the times") { world in
      try await world.make("a", "text")
      try await world.setModified("a", 1000)
      let before = try await world.stat("a")
      try await world.rename("a", to: "b")
      let after = try await world.stat("b")
      try world.expect((before.inode, before.modified) == (after.inode, after.modified), "\(before) \(after)")
    },
    PosixFact("rename replaces a file") { world in
      try await world.make("a", "new")
      try await world.make("b", "old")
      try await world.rename("a", to: "b")
      try world.expect(try await world.text("b") == "new")
      try world.expect(try await world.list("") == ["b"])
    },
    PosixFact("an open file that is replaced keeps its content") { world in
      try await world.make("a", "new")
      try await world.make("b", "old")
      let old = try await world.open("b", .read)
      try await world.rename("a", to: "b")
      try world.expect(try await world.text(old) == "old")
      try await world.close(old)
    },
    PosixFact("an open file goes on under its new name") { world in
      let file = try await world.open("a", [.read, .write], creating: 0o644)
      try await world.write(file, "one", at: 0)
      try await world.rename("a", to: "b")
      try await world.write(file, "two", at: 3)
      try world.expect(try await world.text("b") == "onetwo")
      try await world.close(file)
      try world.expect(try await world.text("b") == "onetwo")
      try world.expect(try await world.list("") == ["b"])
    },
    PosixFact("rename moves between directories") { world in
      try await world.mkdir("a")
      try await world.mkdir("b")
      try await world.make("a/f", "text")
      try await world.rename("a/f", to: "b/g")
      try world.expect(try await world.list("a") == [])
      try world.expect(try await world.text("b/g") == "text")
    },
    PosixFact("rename without replacing takes a free name") { world in
      try await world.make("a", "text")
      try await world.rename("a", to: "b", .noReplace)
      try world.expect(try await world.text("b") == "text")
    },
    PosixFact("rename without replacing leaves what is there") { world in
      try await world.make("a", "1")
      try await world.make("b", "2")
      try await world.fails(.fileExists) { () async throws(Errno) in try await world.rename("a", to: "b", .noReplace) }
      try world.expect(try await world.text("a") == "1")
      try world.expect(try await world.text("b") == "2")
    },
    PosixFact("rename of a directory takes along what is in it") { world in
      try await world.mkdir("a")
      try await world.mkdir("a/b")
      try await world.rename("a", to: "c")
      try world.expect(try await world.names("c") == ["b"])
      try await world.fails(.noSuchFileOrDirectory) { () async throws(Errno) in try await world.stat("a") }
      try await world.make("c/b/f", "text")
      try world.expect(try await world.text("c/b/f") == "text")
    },
    PosixFact("rename of a directory replaces an empty one") { world in
      try await world.mkdir("a")
      try await world.mkdir("a/b")
      try await world.mkdir("c")
      try await world.rename("a", to: "c")
      try world.expect(try await world.names("") == ["c"])
      try world.expect(try await world.names("c") == ["b"])
    },
    PosixFact("rename of a directory replaces none that has something") { world in
      try await world.mkdir("a")
      try await world.mkdir("b")
      try await world.make("b/f")
      try await world.fails(.directoryNotEmpty) { () async throws(Errno) in try await world.rename("a", to: "b") }
      try world.expect(try await world.names("") == ["a", "b"])
    },
    PosixFact("files and directories do not replace each other") { world in
      try await world.make("f", "text")
      try await world.mkdir("d")
      try await world.fails(.isDirectory) { () async throws(Errno) in try await world.rename("f", to: "d") }
      try await world.fails(.notDirectory) { () async throws(Errno) in try await world.rename("d", to: "f") }
      try world.expect(try await world.text("f") == "text")
    },
    PosixFact("no directory moves into itself") { world in
      try await world.mkdir("a")
      try await world.mkdir("a/b")
      try await world.fails(.invalidArgument) { () async throws(Errno) in try await world.rename("a", to: "a/b/c") }
      try world.expect(try await world.names("a") == ["b"])
    },
    PosixFact("rename to the same name changes nothing") { world in
      try await world.make("f", "text")
      try await world.rename("f", to: "f")
      try world.expect(try await world.text("f") == "text")
    },
    PosixFact("rename of what is missing fails") { world in
      try await world.make("f", "text")
      try await world.fails(.noSuchFileOrDirectory) { () async throws(Errno) in try await world.rename("x", to: "f") }
      try await world.fails(.noSuchFileOrDirectory) { () async throws(Errno) in try await world.rename("f", to: "x/f") }
      try world.expect(try await world.text("f") == "text")
    },
  ]

  static let directories: [PosixFact] = [
    PosixFact("a new directory is empty") { world in
      try await world.mkdir("d")
      try world.expect(try await world.stat("d").kind == .directory)
      try world.expect(try await world.list("d") == [])
    },
    PosixFact("mkdir refuses what is there") { world in
      try await world.mkdir("d")
      try await world.make("f")
      try await world.fails(.fileExists) { () async throws(Errno) in try await world.mkdir("d") }
      try await world.fails(.fileExists) { () async throws(Errno) in try await world.mkdir("f") }
      try await world.fails(.noSuchFileOrDirectory) { () async throws(Errno) in try await world.mkdir("x/d") }
    },
    PosixFact("rmdir removes an empty directory") { world in
      try await world.mkdir("d")
      try await world.rmdir("d")
      try world.expect(try await world.list("") == [])
      try await world.fails(.noSuchFileOrDirectory) { () async throws(Errno) in try await world.rmdir("d") }
    },
    PosixFact("rmdir leaves a directory that has something") { world in
      try await world.mkdir("d")
      try await world.make("d/f", "text")
      try await world.fails(.directoryNotEmpty) { () async throws(Errno) in try await world.rmdir("d") }
      try world.expect(try await world.text("d/f") == "text")
    },
    PosixFact("a directory that was emptied is removed") { world in
      try await world.mkdir("d")
      try await world.make("d/f", "text")
      try await world.unlink("d/f")
      try await world.rmdir("d")
      try world.expect(try await world.list("") == [])
    },
    PosixFact("a listing shows each name once") { world in
      var made: Set<String> = []
      for number in 0..<100 {
        let name = "name-\(number)"
        if number.isMultiple(of: 10) { try await world.mkdir(name) } else { try await world.make(name, "x") }
        made.insert(name)
      }
      let listed = try await world.list("")
      try world.expect(listed.count == made.count && Set(listed) == made, "\(listed.count)")
    },
    PosixFact("what is made in a directory is listed at once") { world in
      try await world.mkdir("d")
      _ = try await world.list("d")
      for number in 1...10 {
        try await world.make("d/\(number)", "x")
        try world.expect(try await world.list("d").count == number)
      }
    },
    PosixFact("what was listed before is gone after its removal") { world in
      for name in ["a", "b", "c"] { try await world.make(name, name) }
      _ = try await world.list("")
      try await world.unlink("b")
      try world.expect(try await world.names("") == ["a", "c"])
    },
    PosixFact("removing while listing leaves nothing") { world in
      for number in 0..<50 { try await world.make("\(number)", "x") }
      for name in try await world.list("") { try await world.unlink(name) }
      try world.expect(try await world.list("") == [])
    },
    PosixFact("a change moves the directory's time") { world in
      try await world.mkdir("d")
      try await world.setModified("d", 1000)
      try await world.make("d/f", "x")
      try world.expect(try await world.stat("d").modified > Timestamp(seconds: 1000))
      try await world.mkdir("e")
      try await world.setModified("e", 1000)
      try await world.mkdir("e/f")
      try world.expect(try await world.stat("e").modified > Timestamp(seconds: 1000))
    },
  ]
}
