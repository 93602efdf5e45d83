import Foundation
import Testing

/// What a mount does when the server, the network or the mount's own process is in trouble.
@Suite(.serialized, .timeLimit(.minutes(3)))
struct FailureTests {
  @Test func aHungServerHangsNeitherLsNorDf() async throws {
    try await withBed(.bare(arguments: [])) { bed in
      try await bed.sh("mkdir 'echo x'; cat last/wait")
      try await bed.control("/_hang")
      let result = try await bed.sh("ls; df . > /dev/null && echo free; ls -d 1*", timeout: 5)
      #expect(result.status == 0, "\(result.errors)")
      #expect(result.output == "1-echo-x\nREADME.md\nlast\nnew\nfree\n1-echo-x\n")
      let killed = try await bed.sh(
        """
        cat 1/files/none & pid=$!
        until test "$(cut -d' ' -f3 /proc/$pid/stat)" = S -o "$(cut -d' ' -f3 /proc/$pid/stat)" = D; do :; done
        kill -9 $pid; timeout 1 tail -s 0.05 --pid=$pid -f /dev/null && echo gone
        """, timeout: 15)
      #expect(killed.output == "gone\n", "\(killed.errors)")
      try await bed.control("/_go")
    }
  }

  @Test func aGoalThatGetsNoAnswerHangsNoLs() async throws {
    // What was listed is fresh, so that it is the goal alone that hangs.
    try await withBed(.bare(arguments: []), mountArguments: ["--freshness", "60"]) { bed in
      try await bed.sh("mkdir 'echo x'; cat last/wait; ls")
      try await bed.control("/_hang")
      let written = try await bed.sh("echo 'echo y' > new", timeout: 2)
      #expect(written.status == 0, "\(written.errors)")
      let listed = try await bed.sh("ls", timeout: 2)
      #expect(listed.output == "1-echo-x\nREADME.md\nlast\nnew\n")
      try await bed.control("/_go")
    }
  }

  @Test func aCloseInFlightIsAnsweredBeforeTheUnmount() async throws {
    let bed = try await Bed.start(.bare(arguments: []))
    try await bed.sh("mkdir true; cat last/wait; ls last/files")
    try await bed.control("/_hang")
    let writer = try ChildProcess(
      ["/bin/bash", "-c", "echo precious > '\(bed.mountpoint)/last/files/f' && echo closed"],
      environment: Bed.environment(in: bed.directory))
    try await bed.requestComes("PUT")
    bed.askMountToEnd()
    try await bed.mountSays("uploading 1 of 1")
    let mounts = try String(contentsOfFile: "/proc/self/mountinfo", encoding: .utf8)
    #expect(mounts.contains(bed.mountpoint), "the mountpoint stands while a close waits")
    try await bed.control("/_go")
    try await writer.line { $0 == "closed" ? () : nil }
    #expect(await writer.exitStatus(within: 10) == 0)
    try await bed.mountEnds()
    let kept = try String(contentsOfFile: bed.directory + "/bare/1/f", encoding: .utf8)
    #expect(kept == "precious\n")
    await bed.abandon()
  }

  @Test func aServerThatHangsIsGivenUpAtTheEnd() async throws {
    let bed = try await Bed.start(
      .bare(arguments: []), mountArguments: ["--freshness", "600"], mountEnvironment: ["BERAY_FINISH_LIMIT": "1"])
    try await bed.sh("mkdir true; cat last/wait; ls last/files")
    try await bed.control("/_hang")
    let writer = try ChildProcess(
      ["/bin/bash", "-c", "echo precious > '\(bed.mountpoint)/1/files/f'"],
      environment: Bed.environment(in: bed.directory))
    try await bed.requestComes("PUT")
    try await bed.endMount()
    #expect(await writer.exitStatus(within: 5) != 128 + 9, "the close was interrupted")
    #expect(bed.mountLog.contains("not uploaded, and saved as"))
    await bed.abandon()
  }

  @Test func aDeadServerIsToldByErrno() async throws {
    // The listing asks each time, and so meets the connection that the server left half open: a mkdir is not sent twice.
    try await withBed(.bare(arguments: []), mountArguments: ["--freshness", "0"]) { bed in
      try await bed.sh("mkdir 'echo x'; cat last/wait")
      bed.killServer()
      let result = try await bed.sh(
        "ls > /dev/null && echo listed; mkdir 'echo y'; echo 'echo z' > new; tail -n 1 .beray/errors", timeout: 25)
      #expect(result.output.hasPrefix("listed\n"), "\(result.output)")
      #expect(result.errors.contains("Connection refused"), "\(result.errors)")
      #expect(result.output.contains("ECONNREFUSED"), "\(result.output)")
    }
  }

  @Test func aTaskDeletedElsewhereVanishes() async throws {
    try await withBed(.local) { bed in
      try await bed.sh("mkdir 'echo x'; cat last/wait; ls")
      let deleted = try await bed.beray("task", "delete", "1")
      #expect(deleted.status == 0, "\(deleted.errors)")
      let result = try await bed.sh("echo refresh > last/ctl; until ! ls | grep -q '^1-'; do :; done; cat 1/status")
      #expect(result.status != 0)
      #expect(result.errors.contains("No such file"), "\(result.errors)")
    }
  }

  @Test func everyWayToUnmountEndsWell() async throws {
    for command in ["fusermount3 -u '$MNT'", "umount '$MNT'", "\(Bed.program) unmount '$MNT'"] {
      let bed = try await Bed.start(.bare(arguments: []))
      let script =
        "cd / && " + command.replacing("'$MNT'", with: "\"$MNT\"") + " && ! grep -q \"$MNT\" /proc/self/mountinfo"
      let result = try await bed.sh(script)
      #expect(result.status == 0, "\(command): \(result.errors) \(result.output)")
      try await bed.stop()
    }
  }

  @Test func aBusyMountEndsOnASignal() async throws {
    try await withBed(.bare(arguments: [])) { bed in
      // A shell that stands in the mount and a reader that is blocked keep it busy.
      let busy = try ChildProcess(
        ["/bin/bash", "-c", "cd '\(bed.mountpoint)' && mkdir 'sleep 1000' && echo ready && cat last/wait"],
        environment: Bed.environment(in: bed.directory))
      try await busy.line { $0 == "ready" ? () : nil }
      try await bed.endMount()
      let status = await busy.exitStatus(within: 5)
      #expect(status == 1, "the blocked reader got an error that is not EINTR, and ended")
    }
  }

  @Test func aKilledMountIsClearedByTheNext() async throws {
    let bed = try await Bed.start(.bare(arguments: []))
    await bed.killMount()
    // Its guardian clears it; until then a call fails at once.
    let stale = try await Bed.run(
      ["/bin/ls", bed.mountpoint], environment: Bed.environment(in: bed.directory), timeout: 5)
    #expect(stale.errors.isEmpty || stale.errors.contains("not connected"), "\(stale.errors)")
    let mounted = try await bed.beray("mount", bed.mountpoint, "--log-file", bed.directory + "/second.log")
    #expect(mounted.status == 0, "\(mounted.errors)")
    let again = try await bed.beray("mount", bed.mountpoint)
    #expect(again.status == 3)
    #expect(again.errors.contains("already"), "\(again.errors)")
    let ended = try await bed.beray("unmount", bed.mountpoint)
    #expect(ended.status == 0, "\(ended.errors)")
    await bed.abandon()
  }
}
