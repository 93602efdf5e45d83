import BerayAPI
import LinuxSystem
import Synchronization
import SystemPackage
import Testing

@testable import BerayCommand

@Suite struct DoctorTests {
  private let scratch = Scratch()

  private func check(_ environment: [String: String] = [:], user: UInt32 = 1000) -> SystemCheck {
    SystemCheck(environment: environment, root: scratch.path, userID: user)
  }

  @Test func whatIsMissingFailsWithTheLineThatMendsIt() throws {
    #expect(check().device.verdict == .fail && check().device.advice?.contains("modprobe fuse") == true)
    #expect(check().helper == .fail("fusermount3", "is not installed", "run: sudo apt-get install fuse3"))
    let helper = scratch.path.appending("usr/bin/fusermount3")
    try scratch.write("", to: helper, mode: 0o755)
    #expect(check().helper.verdict == .fail && check().helper.advice == "run: sudo chmod u+s \(helper)")
    #expect(check(user: 0).helper.verdict == .pass)
    try scratch.chmod(helper, 0o4755)
    #expect(check().helper.verdict == (FileStatus(of: helper)?.user == 0 ? .pass : .fail))
  }

  @Test func fuseConfIsRead() throws {
    #expect(check().allowOther.verdict == .warn)
    try scratch.write("# user_allow_other\n", to: scratch.path.appending("etc/fuse.conf"))
    #expect(check().allowOther.verdict == .warn)
    try scratch.write("mount_max = 9\nuser_allow_other\n", to: scratch.path.appending("etc/fuse.conf"))
    #expect(check().allowOther.verdict == .pass)
  }

  @Test func anOldKernelAndAnOldLibraryTellWhatTheyLack() {
    func kernel(_ version: String) -> Finding { Lack.finding("kernel", version, of: Lack.ofKernel, tested: [5, 4]) }
    #expect(kernel("6.18.5-cloud") == .pass("kernel", "6.18.5-cloud"))
    #expect(kernel("5.15.0-91-generic").verdict == .pass)
    #expect(kernel("5.15.0-91-generic").what.contains("before 5.16 each close"))
    #expect(!kernel("5.15.0-91-generic").what.contains("4.20"))
    #expect(kernel("4.19.0").verdict == .warn && kernel("4.19.0").what.contains("before 4.20 each listing"))
    #expect(kernel("odd") == .pass("kernel", "odd"))
    let library = Lack.finding("libfuse", "3.14.0", of: Lack.ofLibfuse, tested: [3, 14])
    #expect(library.verdict == .pass && library.what.contains("before 3.17.1 lookups"))
    #expect(Lack.finding("libfuse", "3.18.2", of: Lack.ofLibfuse, tested: [3, 14]).what == "3.18.2")
  }

  @Test(arguments: [
    (["LANG": "C.UTF-8"], true), (["LC_ALL": "en_US.utf8", "LANG": "C"], true), (["LANG": "C"], false), ([:], false),
    (["LC_ALL": "POSIX", "LANG": "C.UTF-8"], false),
  ])
  func theLocaleIsUTF8(_ environment: [String: String], _ isGood: Bool) {
    #expect((check(environment).locale.verdict == .pass) == isGood)
  }

  @Test func aBrokenConfigurationFails() async throws {
    let world = TestWorld()
    try world.scratch.write("{", to: world.scratch.paths.configurationFile)
    #expect(await world.run("doctor", "--json") == 1)
    let findings = try #require(JSON(parsing: world.output).arrayValue)
    let finding = try #require(findings.first { $0["name"] == "config.json" })
    #expect(finding["verdict"] == "FAIL" && finding["advice"]?.stringValue?.isEmpty == false)
    for finding in findings {
      #expect(finding.objectValue?.map(\.name) == ["name", "verdict", "what", "advice"])
    }
  }

  @Test func aServerWithoutALoginFails() async {
    let world = TestWorld()
    #expect(await world.run("doctor", "--url", "http://127.0.0.1:1") == 1)
    #expect(world.output.contains("FAIL  server: http://127.0.0.1:1 needs a login"), "\(world.output)")
    #expect(world.server.requests.isEmpty)
  }

  @Test func aServerOutOfReachFails() async throws {
    let world = TestWorld()
    let store = CredentialStore(path: world.scratch.paths.credentialsFile)
    try store.keep(.init(email: nil, token: "t"), for: "http://h")
    world.server.state.withLock { $0.silences = 10 }
    #expect(await world.run("doctor", "--url", "http://127.0.0.1:1") == 1)
    #expect(world.output.contains("FAIL  server: http://127.0.0.1:1: no server listens there"), "\(world.output)")
  }
}
