import BerayAPI
import SystemPackage
import Testing
import VFS

@testable import BerayFS

/// ctime: every change moves it, and nothing sets it back.
@Suite struct StatusChangeTests {
  private static let servers: [FakeWorkServer.Manner] = [.ours, .full, .bare, .minimal]

  private func set(_ fixture: WorkFixture, _ path: String, _ changes: AttributeChanges) async throws {
    _ = try await fixture.node(path).setattr(changes, file: nil, caller: WorkFixture.caller).get()
  }

  @Test(arguments: servers)
  func everyChangeMovesIt(_ manner: FakeWorkServer.Manner) async throws {
    let fixture = WorkFixture(manner)
    try await fixture.save("f", "1")
    var last = try await fixture.stat("f").changed
    func hasMoved(_ what: String) async throws {
      let now = try await fixture.stat("f").changed
      #expect(now > last, "\(what)")
      last = now
    }
    try await set(fixture, "f", .init(modified: .at(Timestamp(seconds: 77))))
    try await hasMoved("utimens")
    try await set(fixture, "f", .init(accessed: .at(Timestamp(seconds: 77))))
    try await hasMoved("utimens of atime")
    try await set(fixture, "f", .init(permissions: 0o600))
    try await hasMoved("chmod")
    try await fixture.save("f", "2")
    try await hasMoved("write")
    try await set(fixture, "f", .init(modified: .at(Timestamp(seconds: 77))))
    try await hasMoved("utimens after a write")
    #expect(try await fixture.stat("f").modified == Timestamp(seconds: 77))
    try await set(fixture, "f", .init(size: 0))
    try await hasMoved("truncate")
    try await fixture.save("g", "3")
    let before = try await fixture.stat("g").changed
    try await fixture.rename("g", "h")
    #expect(try await fixture.stat("h").changed > before)
  }

  @Test(arguments: [FakeWorkServer.Manner.ours, .full, .bare])
  func itStaysWhereNothingChanges(_ manner: FakeWorkServer.Manner) async throws {
    let fixture = WorkFixture(manner)
    fixture.server.put("theirs", "1")
    try await fixture.save("mine", "1")
    _ = try await fixture.names()
    let before = (try await fixture.stat("mine").changed, try await fixture.stat("theirs").changed)
    for _ in 0..<3 {
      fixture.time.advance(by: .seconds(31))
      _ = try await fixture.text("mine")
      _ = try await fixture.text("theirs")
      #expect(try await fixture.stat("mine").changed == before.0)
      #expect(try await fixture.stat("theirs").changed == before.1)
    }
    // Somebody else writes it.
    fixture.server.put("theirs", "2")
    fixture.time.advance(by: .seconds(31))
    #expect(try await fixture.stat("theirs").changed > before.1)
  }

  @Test func ofADirectoryItMovesToo() async throws {
    let fixture = WorkFixture()
    fixture.server.put("d/f", "1")
    var last = try await fixture.stat("d").changed
    for changes in [AttributeChanges(permissions: 0o700), .init(modified: .at(Timestamp(seconds: 77)))] {
      try await set(fixture, "d", changes)
      let now = try await fixture.stat("d").changed
      #expect(now > last)
      last = now
    }
    try await fixture.save("d/g", "2")
    #expect(try await fixture.stat("d").changed > last)
  }

  @Test(arguments: [0o4755, 0o2755, 0o1777, 0o6000] as [UInt16])
  func bitsThatNoServerKeepsAreRefused(_ mode: UInt16) async throws {
    let fixture = WorkFixture()
    fixture.server.put("d/f", "1")
    for path in ["d", "d/f"] {
      let before = try await fixture.stat(path).permissions
      await #expect(throws: Errno.notPermitted) { try await fixture.chmod(path, mode) }
      #expect(try await fixture.stat(path).permissions == before)
    }
    #expect(fixture.errors.contains("servers do not store set-user-ID"))
  }
}
