import Beray
import BerayAPI
import SystemPackage
import Testing
import VFS

@testable import BerayFS

@Suite(.timeLimit(.minutes(5))) struct ArchiveFileTests {
  let bed = TreeBed()

  @Test func anArchiveThatCannotBeKeptIsTold() async throws {
    let bed = TreeBed { $0.spillDirectory = "/proc/nothing" }
    bed.server.add("go")
    #expect(await errno(try await bed.open("1/files.zip")) != nil)
    let line = try #require(try await bed.errors().last)
    #expect(line[2] == "1-go/files.zip" && line[5].contains("/proc/nothing"))
  }

  init() { bed.server.add("go", "RUNNING") }

  @Test func oneRequestServesStatOpenAndRead() async throws {
    let inode = try await bed.inode("1/files.zip")
    #expect(bed.server.count(.archive) == 0, "a lookup does not make it: the directory is locked meanwhile")
    let size = try await bed.fileSystem.getattr(inode, handle: nil).get().attributes.size
    let file = try await bed.open("1/files.zip")
    #expect(try await bed.read(file) == "PK archive 1")
    #expect(size == 12)
    #expect(try await bed.read(file, at: 11) == "1")
    #expect(try await bed.read(file, at: 12) == "")
    #expect(bed.server.count(.archive) == 1)
  }

  @Test func anOpenArchiveStaysAsItIs() async throws {
    let file = try await bed.open("1/files.zip")
    bed.time.advance(by: .seconds(2))
    #expect(try await bed.cat("1/files.zip") == "PK archive 2")
    #expect(try await bed.read(file) == "PK archive 1")
    #expect(try await bed.fileSystem.getattr(file.inode, handle: file.id).get().attributes.size == 12)
  }

  @Test func allWhoAskAtOnceGetOneArchive() async throws {
    let gate = bed.server.hold(.archive)
    async let one = bed.cat("1/files.zip")
    async let two = bed.cat("1/files.zip")
    await bed.server.requests(.archive, 1)
    gate.open()
    #expect(try await [one, two] == ["PK archive 1", "PK archive 1"])
    #expect(bed.server.count(.archive) == 1)
  }

  @Test func refreshForgetsIt() async throws {
    bed.server.set(TaskID(rawValue: 1), status: "COMPLETED")
    #expect(try await bed.cat("1/files.zip") == "PK archive 1")
    try await bed.echo("refresh\n", to: "1/ctl")
    #expect(try await bed.cat("1/files.zip") == "PK archive 2")
  }

  @Test func whatThisMountWroteIsInIt() async throws {
    bed.server.set(TaskID(rawValue: 1), status: "COMPLETED")
    #expect(try await bed.cat("1/files.zip") == "PK archive 1")
    let files = try await bed.inode("1/files")
    let created = try await bed.fileSystem.create(
      "a", in: files, permissions: 0o644, flags: .write, caller: TreeBed.caller
    ).get()
    let file = TreeBed.Handle(inode: created.entry.attributes.inode, id: created.open.handle, options: [])
    try await bed.write(file, "text")
    try await bed.close(file)
    #expect(bed.server.count(.upload) == 1)
    #expect(try await bed.cat("1/files.zip") == "PK archive 2")
  }

  @Test func aFailureIsTheOpensAndTriedAgain() async throws {
    bed.server.fail(.archive, TreeServer.error(.api, 500, "no zip"))
    #expect(await errno(try await bed.open("1/files.zip")) == .ioError)
    #expect(try await bed.errors().last?[5] == "no zip")
    bed.server.fail(.archive, nil)
    #expect(try await bed.cat("1/files.zip") == "PK archive 2")
  }

  @Test func anAnswerThatIsNoArchiveIsRefused() async throws {
    bed.server.add("go")
    bed.server.answerArchives { ByteStream(Array("<html>".utf8)) }
    #expect(await errno(try await bed.open("1/files.zip")) == .ioError)
    #expect(try await bed.errors().last?[5] == "the server's answer is not a ZIP")
  }

  /// What the listing tells bounds it.
  @Test func anEndlessArchiveIsRefused() async throws {
    bed.server.add("go")
    let piece = Array("PK".utf8) + [UInt8](repeating: 0, count: (16 << 20) - 2)
    bed.server.answerArchives { ByteStream { { () async throws(BerayError) in piece } } }
    _ = try await bed.ls("1/files")
    #expect(await errno(try await bed.open("1/files.zip")) == .ioError)
    #expect(try await bed.errors().last?[5].contains("larger than 1024 MiB") == true)
    #expect(bed.fileSystem.context.spills.inUse == 0)
  }
}
