import BerayAPI
import CLinux
import Foundation
import LinuxSystem
import SystemPackage
import Testing

@testable import BerayServer

/// Entity tags, conditions and ranges.
@Suite(.timeLimit(.minutes(5))) struct VersionTests {
  @Test func aContentThatIsDatedBackIsAnotherVersion() async throws {
    try await FileTests.withFiles("printf AAAA > f; touch -d 2020-01-01 f") {
      (server: TestServer, id: Int64, files: String) async throws in
      let path = files + "content?path=f"
      let etag = try #require(try await server.client.get(path).headers["etag"])
      _ = try await Tool.run([
        "sh", "-c", "printf BBBB > \(server.workDirectory(id))/f; touch -d 2020-01-01 \(server.workDirectory(id))/f",
      ])
      #expect(try await server.client.get(path, headers: ["If-None-Match": etag]).text == "BBBB")
      #expect(try await server.client.get(path, headers: ["If-Match": etag]).status == 412)
      #expect(try await server.client.put(path, [1], headers: ["If-Match": etag]).status == 412)
      #expect(try await server.client.send("DELETE", path, headers: ["If-Match": etag]).status == 412)
      let present = try #require(try await server.client.get(path).headers["etag"])
      #expect(try await server.client.get(path, headers: ["If-Match": present]).status == 200)
      #expect(try await server.client.send("DELETE", path, headers: ["If-Match": present]).status == 200)
    }
  }

  @Test func aTagIsWeakWhileAChangeMayHide() throws {
    var status = linux_status()
    let now = UTCTime.now()
    (status.changed_seconds, status.changed_nanoseconds) = (now.seconds, now.nanoseconds)
    #expect(!StoredVersion(status).isWeak)
    let coarse = StoredVersion(status, grain: .ticks(60_000_000_000))
    #expect(coarse.isWeak && coarse.etag.hasPrefix("W/\""))
    #expect(!coarse.matches(coarse.etag, weak: false))
    #expect(coarse.matches(coarse.etag, weak: true))
    #expect(coarse.matches(StoredVersion(status).etag, weak: true))
    status.changed_seconds -= 100
    #expect(!StoredVersion(status, grain: .ticks(60_000_000_000)).isWeak)
  }

  @Test func whatIsWrittenWithinATickHasATimeOfItsOwn() throws {
    let directory = TestServer.temporaryDirectory()
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let file = try OwnedDescriptor.open(path: directory + "/f", flags: O_RDWR | O_CREAT, mode: 0o600)
    let before = StoredVersion(try file.status()).modified
    TimestampGrain.ticks(40_000_000).mark(file)
    #expect(StoredVersion(try file.status()).modified != before)
    _ = TimestampGrain.probe(directory)
    #expect(try FileManager.default.contentsOfDirectory(atPath: directory) == ["f"])
  }

  @Test(arguments: [
    ("bytes=99999999999999999999-", RequestedRange.unsatisfiable), ("bytes=0-99999999999999999999", .part(0..<10)),
    ("bytes=-99999999999999999999", .part(0..<10)), ("bytes=9223372036854775807-", .unsatisfiable),
    ("bytes=99999999999999999999-5", .whole), ("bytes=-", .whole), ("bytes=+1-2", .whole),
  ])
  func rangesOfAnyLengthAreRead(_ header: String, _ range: RequestedRange) {
    #expect(RequestedRange(header, size: 10) == range)
  }

  @Test func aRangeIsOfGETAlone() async throws {
    try await FileTests.withFiles("printf 0123456789 > f") {
      (server: TestServer, _: Int64, files: String) async throws in
      let head = try await server.client.send("HEAD", files + "content?path=f", headers: ["Range": "bytes=2-3"])
      #expect(head.status == 200)
      #expect(head.headers["content-length"] == "10")
    }
  }

  @Test func modeBitsAreKeptOrRefusedAndTimesMayBeFarAway() async throws {
    try await FileTests.withFiles("mkdir d; echo > f") { (server: TestServer, _: Int64, files: String) async throws in
      let path = files + "attributes?path="
      #expect(try await server.client.patch(path + "d", ["mode": 0o3755]).json["mode"]?.intValue == 0o3755)
      #expect(try await server.client.patch(path + "f", ["mode": 0o10644]).status == 422)
      let far = try await server.client.patch(path + "f", ["modified": "10000-01-01T00:00:00Z"])
      #expect(far.status == 200)
      #expect(UTCTime("10000-01-01T00:00:00Z")?.seconds == 253_402_300_800)
    }
  }

  @Test func aWorkDirectoryThatBecameALinkIsNotFollowed() async throws {
    try await FileTests.withFiles("cd ..; mv work w2; ln -s /etc work") {
      (server: TestServer, _: Int64, files: String) async throws in
      #expect(try await server.client.get(files + "tree").status == 400)
      #expect(try await server.client.get(files + "content?path=passwd").status == 400)
      #expect(try await server.client.put(files + "content?path=new", [1]).status == 400)
    }
  }
}
