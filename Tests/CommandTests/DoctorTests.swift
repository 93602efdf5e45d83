import BerayAPI
import LinuxSystem
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

  @Test func aServerOutOfReachFails() async {
    let world = TestWorld()
    #expect(await world.run("doctor", "--url", "http://127.0.0.1:1") == 1)
    #expect(world.output.contains("FAIL  server: http://127.0.0.1:1"), "\(world.output)")
  }
}
