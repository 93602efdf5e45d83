import CFuse
import Glibc
import Synchronization
import Testing
import VFS

@testable import Fuse

/// What the kernel and programs see of a mounted file system.
@Suite(.serialized) struct MountTests {
  /// As root, who may do everything, nothing can be seen of it.
  @Test(.enabled(if: geteuid() != 0)) func theKernelChecksPermissions() async throws {
    try await TestMount.with { mount in
      let result = try await mount.sh(
        "echo 1 > f; chmod 444 f; test -w f || echo no; (echo 2 > f) 2> /dev/null || cat f")
      #expect(result.output == "no\n1\n")
    }
  }

  @Test func permissionsAreCheckedInEveryMount() {
    #expect(FuseOptions(fileSystemName: "x").list.split(separator: ",").contains("default_permissions"))
  }

  @Test func filesAreWrittenReadRenamedAndRemoved() async throws {
    try await TestMount.with { (mount) async throws in
      let result = try await mount.sh(
        """
        set -e
        mkdir d; echo hello > d/f; cat d/f; stat -c %s d/f
        mv d/f d/g; cat d/g; echo more >> d/g; wc -c < d/g
        truncate -s 3 d/g; cat d/g; echo
        ln -s d/g link; cat link; echo; readlink link
        ln d/g hard; stat -c %h hard
        chmod 600 d/g; stat -c %a d/g; touch -d @1000000000 d/g; stat -c %Y d/g
        rm d/g hard link; rmdir d; ls -A | wc -l
        """)
      #expect(result.succeeded)
      #expect(
        result.output.split(separator: "\n") == [
          "hello", "6", "hello", "11", "hel", "hel", "d/g", "2", "600", "1000000000", "0",
        ])
      #expect(mount.fileSystem.openHandles == 0)
    }
  }

  @Test func contentSurvivesTheWayInAndOut() async throws {
    try await TestMount.with { (mount) async throws in
      let result = try await mount.sh(
        """
        set -e
        head -c 20000000 /dev/urandom > /tmp/fuse-tests-data.$$
        cp /tmp/fuse-tests-data.$$ f; cmp /tmp/fuse-tests-data.$$ f; rm /tmp/fuse-tests-data.$$
        """)
      #expect(result.succeeded, "\(result.output)")
      // 1 MiB a request, give or take what cp writes at once.
      #expect(mount.fileSystem.calls(of: "write") < 200)
    }
  }

  @Test func aStoreThroughAMappingReachesTheFile() async throws {
    try await TestMount.with { (mount) async throws in
      let inode = mount.fileSystem.add("f", bytes: Array("hello world".utf8))
      let result = try await mount.python(
        """
        import mmap
        with open('f', 'r+b') as f:
            with mmap.mmap(f.fileno(), 0) as m:
                m[0:5] = b'HELLO'
                m.flush()
        print(open('f').read())
        """)
      #expect(result.output == "HELLO world\n")
      let bytes = mount.fileSystem.state.withLock { $0.nodes[inode]?.bytes }
      #expect(bytes == Array("HELLO world".utf8))
    }
  }

  @Test func aLargeDirectoryIsListedWithItsAttributes() async throws {
    try await TestMount.with { (mount) async throws in
      for number in 0..<10_000 { mount.fileSystem.add(Name("file-\(number)"), bytes: [1, 2, 3]) }
      let result = try await mount.sh("ls -l | grep -c ' 3 .* file-'; ls -f | wc -l; ls -a | head -2")
      #expect(result.output.split(separator: "\n") == ["10000", "10002", ".", ".."])
      #expect(mount.fileSystem.calls(of: "lookup") < 50)
      #expect(mount.fileSystem.calls(of: "readdir") == 0)
      // Some fifty calls for each reading. Whether the kernel keeps its copy goes by when it asks for attributes again.
      #expect(mount.fileSystem.calls(of: "readdirplus") < 180)
    }
  }

  @Test func whatDidNotFitIntoAListingIsNotCounted() async throws {
    try await TestMount.with { (mount) async throws in
      for number in 0..<1000 { mount.fileSystem.add(Name("file-\(number)")) }
      let result = try await mount.sh("ls -l > /dev/null; find . -type f -delete")
      #expect(result.succeeded, "\(result.output)")
      let deadline = ContinuousClock.now + .seconds(10)
      while mount.fileSystem.knownInodes > 1, ContinuousClock.now < deadline { await Task.yield() }
      #expect(mount.fileSystem.knownInodes == 1)
    }
  }

  @Test func lookupsAreTakenBack() async throws {
    let fileSystem = MemoryFileSystem()
    try await TestMount.with(fileSystem) { (mount) async throws in
      let result = try await mount.sh(
        "for i in 1 2 3 4 5; do mkdir d$i; for j in 1 2 3; do echo x > d$i/$j; done; done; ls -lR . > /dev/null; rm -r d*"
      )
      #expect(result.succeeded, "\(result.output)")
      try await mount.waitForCalls(of: "forget", count: 1)
      let deadline = ContinuousClock.now + .seconds(10)
      while fileSystem.knownInodes > 1, ContinuousClock.now < deadline { await Task.yield() }
      #expect(fileSystem.knownInodes == 1)
    }
  }

  @Test func aNameThatIsNotTextDoesNotExistAndCannotBeMade() async throws {
    try await TestMount.with { (mount) async throws in
      let result = try await mount.python(
        """
        import os, errno
        for call in (lambda: os.stat(b'\\xff'), lambda: os.unlink(b'\\xff'), lambda: os.mkdir(b'\\xff'),
                     lambda: open(b'\\xff', 'w')):
            try: call()
            except OSError as e: print(errno.errorcode[e.errno])
        """)
      #expect(result.output.split(separator: "\n") == ["ENOENT", "ENOENT", "EILSEQ", "EILSEQ"])
    }
  }

  @Test func statfsTellsWhatTheFileSystemTells() async throws {
    try await TestMount.with { (mount) async throws in
      #expect(try await mount.sh("stat -f -c '%S %b %f %c %d' .").output == "4096 1000 500 100 50\n")
    }
  }

  @Test func aReadOnlyMountRefusesWrites() async throws {
    var options = FuseOptions(fileSystemName: "memory")
    options.isReadOnly = true
    try await TestMount.with(options: options) { (mount) async throws in
      #expect(try await mount.sh("LC_ALL=C mkdir d").output.contains("Read-only file system"))
      #expect(mount.fileSystem.calls(of: "mkdir") == 0)
    }
  }

  @Test func aDroppedReplyFailsWithEIOAndIsLogged() async throws {
    var operations = makeOperationTable()
    operations.readlink = { request, _ in
      if let request { _ = Reply<LinkTargetShape>(request) }
    }
    try await TestMount.with(operations: operations) { (mount) async throws in
      let result = try await mount.sh("ln -s a link; LC_ALL=C cat link")
      #expect(result.output.contains("Input/output error"))
      #expect(mount.log.all.contains { $0.contains("dropped unanswered") })
    }
  }
}
