import Beray
import BerayAPI
import SystemPackage
import Testing
import VFS

@testable import BerayFS

@Suite(.timeLimit(.minutes(5))) struct ControlTests {
  let bed = TreeBed()
  let task: TaskID

  init() { task = bed.server.add("go", "RUNNING") }

  @Test func readingItTellsTheVerbs() async throws {
    let text = try await bed.cat("1/ctl")
    for verb in ["stop", "delete", "refresh"] { #expect(text.contains(verb)) }
    #expect(try await bed.stat("1/ctl").size == Int64(text.utf8.count))
  }

  @Test func truncationMeansNothing() async throws {
    let inode = try await bed.inode("1/ctl")
    let reply = bed.fileSystem.setattr(inode, AttributeChanges(size: 0), handle: nil, caller: TreeBed.caller)
    #expect(try await reply.get().attributes.inode == inode)
    let other = bed.fileSystem.setattr(inode, AttributeChanges(permissions: 0), handle: nil, caller: TreeBed.caller)
    #expect(await errno(try await other.get()) == .notPermitted)
  }

  @Test func stopEndsTheTask() async throws {
    #expect(try await bed.cat("1/status") == "RUNNING\n")
    #expect(try await bed.echo("stop\n", to: "1/ctl") == 5)
    #expect(bed.server.count(.stop) == 1)
    #expect(try await bed.cat("1/status") == "STOPPED\n")
    try await bed.echo("stop\n", to: "1/ctl")
    #expect(bed.server.count(.stop) == 1, "it is known to have ended")
  }

  @Test(arguments: [
    TreeServer.error(.conflict, 409), TreeServer.error(.api, 400), TreeServer.error(.unprocessableEntity, 422),
  ])
  func stopOfATaskThatEndedMeanwhileIsSuccess(error: BerayError) async throws {
    _ = try await bed.ls()
    bed.server.set(task, status: "COMPLETED")
    bed.server.fail(.stop, error)
    #expect(try await bed.echo("stop\n", to: "1/ctl") == 5)
    #expect(try await bed.errors() == [])
  }

  @Test func stopThatFailsIsTold() async throws {
    bed.server.fail(.stop, TreeServer.error(.conflict, 409, "not now"))
    #expect(await errno(try await bed.echo("stop\n", to: "1/ctl")) == .resourceBusy)
    let line = try #require(try await bed.errors().last)
    #expect(line[1] == "stop" && line[2] == "1-go" && line[5] == "not now")
  }

  @Test func deleteStopsFirst() async throws {
    #expect(try await bed.echo("delete", to: "1/ctl") == 6)
    #expect(bed.server.count(.stop) == 1)
    #expect(bed.server.ids == [])
    #expect(try await bed.tasks() == [])
  }

  @Test func anUnknownVerbDoesNothing() async throws {
    for text in ["fly\n", "STOP\n", "stop now\n", "\u{ff}\n"] {
      #expect(await errno(try await bed.echo(text, to: "1/ctl")) == .invalidArgument)
    }
    let file = try await bed.open("1/ctl", .write)
    #expect(await errno(try await bed.write(file, [0xff, 0x0a])) == .invalidArgument)
    try await bed.close(file)
    #expect(bed.server.count(.stop) == 0)
    #expect(try await bed.errors().first?[6] == "one of stop, delete, refresh")
  }

  @Test func aShortCountTellsWhichLineFailed() async throws {
    let file = try await bed.open("1/ctl", .write)
    #expect(try await bed.write(file, "refresh\nstop\nfly\nrefresh\n") == 13)
    #expect(bed.server.count(.stop) == 1)
    #expect(await errno(try await bed.write(file, "fly\nrefresh\n")) == .invalidArgument)
    try await bed.close(file)
    #expect(try await bed.errors().count == 1, "a line that failed is told once")
  }

  @Test(arguments: ["refresh\r\nstop\r\n", "\n\n  stop  \nrefresh", "refresh\n\tstop\n\n"])
  func linesEndAsTheyLike(text: String) async throws {
    #expect(try await bed.echo(text, to: "1/ctl") == text.utf8.count)
    #expect(bed.server.count(.stop) == 1)
  }

  @Test func aLongLineDoesNotFillTheErrors() async throws {
    let text = String(repeating: "x", count: 100_000)
    #expect(await errno(try await bed.echo(text, to: "1/ctl")) == .invalidArgument)
    #expect(try await bed.cat(".beray/errors").utf8.count < 1000)
  }

  @Test func refreshAsksTheServerAgain() async throws {
    _ = try await bed.cat("1/status")
    bed.server.set(task, status: "COMPLETED")
    #expect(try await bed.cat("1/status") == "RUNNING\n")
    try await bed.echo("refresh\n", to: "1/ctl")
    #expect(try await bed.cat("1/status") == "COMPLETED\n")
  }
}
