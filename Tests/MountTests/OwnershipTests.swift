import Foundation
import Testing

/// Who owns a mount, who else may use it, and where it stands.
@Suite(.serialized, .timeLimit(.minutes(3)))
struct OwnershipTests {
  private static let isRoot = geteuid() == 0
  /// Runs a word list as a user without any right.
  private static let asNobody = "setpriv --reuid=65534 --regid=65534 --clear-groups"

  @Test(.enabled(if: isRoot)) func othersMayDoWhatTheUmaskLeaves() async throws {
    try await withBed(.local, mountArguments: ["-o", "allow_other,umask=022"]) { bed in
      try await bed.sh("mkdir 'echo x > f'; cat last/wait")
      let read = try await bed.sh("\(Self.asNobody) cat last/files/f; stat -c %a last/ last/files/f new")
      #expect(read.output == "x\n755\n644\n644\n", "\(read.errors)")
      let written = try await bed.sh("\(Self.asNobody) sh -c 'echo y > last/files/f'")
      #expect(written.status != 0 && written.errors.contains("denied"))
    }
  }

  @Test(.enabled(if: isRoot)) func withoutAUmaskAllIsForItsOwnerAlone() async throws {
    try await withBed(.local, mountArguments: ["-o", "allow_other"]) { bed in
      let listing = try await bed.sh("\(Self.asNobody) ls .")
      #expect(listing.status != 0)
    }
  }

  @Test(.enabled(if: isRoot)) func rootMountsForAUser() async throws {
    try await withBed(.local, mountArguments: ["-o", "uid=65534,gid=65534"]) { bed in
      let result = try await bed.sh(
        """
        \(Self.asNobody) bash -c 'set -e; mkdir "echo x > f"; cat last/wait; echo y > last/files/g; cat last/files/[fg]'
        stat -c '%u %g %a' .
        """)
      #expect(result.output == "COMPLETED\nx\ny\n65534 65534 700\n", "\(result.errors)")
    }
  }

  @Test func aMountInsideAMountIsRefusedAndMakesNothing() async throws {
    try await withBed(.bare(arguments: [])) { bed in
      for inner in [bed.mountpoint + "/inner", bed.mountpoint + "/a/b"] {
        let result = try await bed.beray("mount", "-f", inner)
        #expect(
          result.status == 1 && result.errors.contains("inside the mount at \(bed.mountpoint)"), "\(result.errors)")
      }
      let made = try await bed.sh("ls -d 1*")
      #expect(made.status != 0, "no task was made")
    }
  }

  @Test func aMountpointThatWasMadeTakesNoDirectories() async throws {
    let bed = try await Bed.start(.bare(arguments: []))
    try await bed.endMount()
    let result = try await Bed.run(
      ["/bin/sh", "-c", "stat -c %a '\(bed.mountpoint)'"], environment: Bed.environment(in: bed.directory), timeout: 10)
    #expect(result.output == "500\n")
    if !Self.isRoot {
      #expect(mkdir(bed.mountpoint + "/goal", 0o700) != 0 && errno == EACCES)
    }
    // It can be mounted on again, and is as it was afterwards.
    let again = try await bed.beray("mount", bed.mountpoint)
    #expect(again.status == 0, "\(again.errors)")
    #expect(try await bed.beray("unmount", bed.mountpoint).status == 0)
    let mode = try await Bed.run(
      ["/usr/bin/stat", "-c", "%a", bed.mountpoint], environment: Bed.environment(in: bed.directory), timeout: 10)
    #expect(mode.output == "500\n")
    await bed.abandon()
  }

  @Test func aGoalOfAThousandBytesIsAName() async throws {
    try await withBed(.bare(arguments: [])) { bed in
      // 300 Chinese characters of three bytes.
      let result = try await bed.sh(
        """
        goal=$(printf '写%.0s' $(seq 300)); mkdir "$goal" && tail -c 910 last/goal | head -c 6; echo; cat "$goal/id"
        stat -f -c %l . ; mkdir "$goal$goal" 2>&1 | tail -c 19
        """)
      #expect(result.output == "写写\n1\n1024\nFile name too long\n", "\(result.output)\(result.errors)")
    }
  }

  @Test func aNameThatIsNotUTF8IsRefusedWithItsReason() async throws {
    try await withBed(.bare(arguments: [])) { bed in
      let result = try await bed.sh(
        #"mkdir 'echo x'; cat last/wait; cd last/files; touch "$(printf 'caf\351')"; cat "$MNT/.beray/errors""#)
      #expect(result.errors.contains("Invalid or incomplete multibyte"), "\(result.errors)")
      #expect(result.output.contains("EILSEQ") && result.output.contains(#"caf\xe9"#), "\(result.output)")
    }
  }
}
