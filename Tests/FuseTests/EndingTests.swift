import CFuse
import Glibc
import Logging
import Testing
import VFS

@testable import Fuse

/// How a mount ends, and what is left where it did not.
@Suite(.serialized) struct EndingTests {
  @Test(arguments: [["umount"], ["fusermount3", "-u"]])
  func anUnmountFromOutsideEndsTheSession(command: [String]) async throws {
    try await TestMount.with { (mount) async throws in
      let result = try await Command(command + [mount.path]).result(within: 10) {}
      #expect(result.succeeded, "\(result.output)")
      #expect(await mount.session.waitUntilEnded() == .unmounted)
      #expect(!mount.session.isServing)
    }
  }

  @Test func aBusyMountIsTakenAwayAllTheSame() async throws {
    let fileSystem = MemoryFileSystem()
    let path = try TestMount.temporaryDirectory()
    let session = try FuseSession(
      mountpoint: path, options: FuseOptions(fileSystemName: "memory"), fileSystem: fileSystem,
      logger: Logger(label: "fuse-tests"))
    try session.start()
    fileSystem.add("stream", isStream: true)
    let mount = TestMount(fileSystem: fileSystem, session: session, path: path, log: LogLines())
    let user = try Command(["/bin/sh", "-c", "exec 3< stream; touch ready; exec sleep 60"], in: path)
    try await mount.waitForCalls(of: "create")
    let start = ContinuousClock.now
    #expect(await session.unmount() == .unmounted)
    #expect(ContinuousClock.now - start < .seconds(5))
    #expect(MountTable.current().mount(at: path) == nil)
    kill(user.process, SIGKILL)
    _ = try await user.result(within: 5) {}
    #expect(rmdir(path) == 0)
  }

  @Test func parkedReadsEndWithTheMount() async throws {
    let fileSystem = MemoryFileSystem()
    try await TestMount.with(fileSystem) { (mount) async throws in
      fileSystem.add("stream", isStream: true)
      let reader = try Command(["cat", "stream"], in: mount.path)
      try await mount.waitForCalls(of: "parked")
      #expect(await mount.session.unmount() == .unmounted)
      let result = try await reader.result(within: 5) {}
      #expect(result.succeeded && !result.timedOut, "the reader met the end of the file: \(result.output)")
    }
    #expect(fileSystem.openHandles == 0)
  }

  @Test func anUnmountLeavesAloneWhatStandsThereByNow() async throws {
    func session(at path: String) throws -> (FuseSession, MemoryFileSystem) {
      let fileSystem = MemoryFileSystem()
      let session = try FuseSession(
        mountpoint: path, options: FuseOptions(fileSystemName: "memory"), fileSystem: fileSystem,
        logger: Logger(label: "fuse-tests"))
      try session.start()
      return (session, fileSystem)
    }
    let path = try TestMount.temporaryDirectory()
    let (first, fileSystem) = try session(at: path)
    let own = try #require(MountTable.current().mount(at: path))
    let mount = TestMount(fileSystem: fileSystem, session: first, path: path, log: LogLines())
    let user = try Command(["/bin/sh", "-c", "touch ready; exec sleep 60"], in: path)
    try await mount.waitForCalls(of: "create")
    let detached = try await Command(["umount", "-l", path]).result(within: 10) {}
    #expect(detached.succeeded)
    let (second, _) = try session(at: path)
    let other = try #require(MountTable.current().mount(at: path))
    #expect(throws: UnmountError(mountpoint: path, reason: .notMounted)) { try Unmounter(own).unmount() }
    #expect(throws: UnmountError(mountpoint: path, reason: .notMounted)) { try Unmounter(own).detach() }
    _ = await first.unmount()
    #expect(MountTable.current().mount(at: path) == other)
    #expect(second.isServing)
    kill(user.process, SIGKILL)
    _ = try await user.result(within: 5) {}
    #expect(await second.unmount() == .unmounted)
    #expect(rmdir(path) == 0)
  }

  @Test func ofTwoStartsAtOnceOneIsRefused() async throws {
    let path = try TestMount.temporaryDirectory()
    // Both find the directory free.
    let sessions = try (0..<2).map { _ in
      try FuseSession(
        mountpoint: path, options: FuseOptions(fileSystemName: "memory"), fileSystem: MemoryFileSystem(),
        logger: Logger(label: "fuse-tests"))
    }
    try sessions[0].start()
    #expect(throws: MountError.self) { try sessions[1].start() }
    #expect(MountTable.current().mounts.filter { $0.mountpoint == path }.count == 1)
    #expect(await sessions[0].unmount() == .unmounted)
    #expect(rmdir(path) == 0)
  }

  @Test func aSecondMountOnALiveOneIsRefused() async throws {
    try await TestMount.with { (mount) async throws in
      let error = #expect(throws: MountError.self) {
        try FuseSession(
          mountpoint: mount.path + "/.", options: FuseOptions(fileSystemName: "memory"),
          fileSystem: MemoryFileSystem(), logger: Logger(label: "fuse-tests"))
      }
      guard case .alreadyMounted(mount.path, source: "memory, test", _)? = error else {
        Issue.record("unexpected: \(String(describing: error))")
        return
      }
    }
  }

  @Test func whatCannotBeMountedIsSaid() throws {
    func error(at path: String) -> MountError? {
      do throws(MountError) {
        _ = try FuseSession(
          mountpoint: path, options: FuseOptions(fileSystemName: "memory"), fileSystem: MemoryFileSystem(),
          logger: Logger(label: "fuse-tests"))
        return nil
      } catch { return error }
    }
    #expect(error(at: "/nonexistent/x") == .noMountpoint("/nonexistent/x"))
    #expect(error(at: "/etc/passwd") == .notDirectory("/etc/passwd"))
    let path = try TestMount.temporaryDirectory()
    #expect(mkdir("\(path)/in", 0o700) == 0)
    #expect(error(at: path) == .notEmpty(path))
    #expect(rmdir("\(path)/in") == 0 && rmdir(path) == 0)
  }

  /// A child that mounts, never answers and is killed stands for a daemon that was.
  @Test func aMountWhoseDaemonWasKilledIsStaleAndCanBeCleared() async throws {
    let path = try TestMount.temporaryDirectory()
    let daemon = try Command(
      [
        "python3", "-c",
        """
        import os, socket, subprocess, sys, time
        ours, theirs = socket.socketpair()
        subprocess.run(['fusermount3', '-o', 'fsname=dead,subtype=beray-fs', '--', sys.argv[1]], check=True,
                       pass_fds=[theirs.fileno()], env={**os.environ, '_FUSE_COMMFD': str(theirs.fileno())})
        device = socket.recv_fds(ours, 1, 1)
        time.sleep(60)
        """, path,
      ])
    let deadline = ContinuousClock.now + .seconds(10)
    while MountTable.current().mount(at: path) == nil, ContinuousClock.now < deadline { await Task.yield() }
    let mount = try #require(MountTable.current().mount(at: path))
    // This daemon never answers, not even the first request: whoever touches the mount hangs.
    let expected = MountLiveness.live(ProcessID(rawValue: daemon.process))
    // A session that ended just now may still hold the number of this one.
    #expect([expected, .live(nil)].contains(MountLiveness.of(mount)))
    kill(daemon.process, SIGKILL)
    _ = try await daemon.result(within: 5) {}
    #expect(MountLiveness.of(mount) == .stale)
    #expect(throws: MountError.stale(path)) {
      try FuseSession(
        mountpoint: path, options: FuseOptions(fileSystemName: "memory"), fileSystem: MemoryFileSystem(),
        logger: Logger(label: "fuse-tests"))
    }
    try Unmounter(mount).unmount()
    #expect(MountTable.current().mount(at: path) == nil)
    #expect(rmdir(path) == 0)
  }
}
