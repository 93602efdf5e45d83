import Glibc
import LinuxSystem
import Testing
import VFS

@testable import Fuse

/// What frees the programs that a killed daemon left in the kernel.
@Suite(.serialized) struct DyingDaemonTests {
  /// A daemon that never answers a mkdir, and sends the kernel a notice about a name beside it: the kernel lets the thread
  /// wait for the directory's lock, which the mkdir holds.
  private static let daemon = """
    import os, socket, struct, subprocess, sys, threading
    ours, theirs = socket.socketpair()
    subprocess.run(['fusermount3', '-o', 'fsname=dying,subtype=beray-fs', '--', sys.argv[1]], check=True,
                   pass_fds=[theirs.fileno()], env={**os.environ, '_FUSE_COMMFD': str(theirs.fileno())})
    device = socket.recv_fds(ours, 1, 1)[1][0]
    ours.close(); theirs.close()
    attributes = struct.pack('=6Q10I', 1, 0, 0, 0, 0, 0, 0, 0, 0, 0o40755, 2, os.getuid(), os.getgid(), 0, 4096, 0)
    def send(kind, unique, body=b''):
        os.write(device, struct.pack('=IiQ', 16 + len(body), kind, unique) + body)
    def notify():
        print(threading.get_native_id(), flush=True)
        send(3, 0, struct.pack('=QII', 1, 1, 0) + b'y\\0')
    while True:
        request = os.read(device, 1 << 21)
        operation, unique = struct.unpack_from('=4xIQ', request)
        if operation == 26:
            send(0, unique, struct.pack('=4I2H2I2H8I', 7, 31, 65536, 0, 12, 9, 65536, 1, 0, 0, *[0] * 8))
        elif operation == 3:
            send(0, unique, struct.pack('=QII', 60, 0, 0) + attributes)
        elif operation == 1:
            send(-2, unique)
        elif operation == 9:
            threading.Thread(target=notify).start()
        elif operation != 2:
            send(-38, unique)
    """

  @Test func aDaemonThatHangsInTheKernelIsFoundAndEverybodyFreed() async throws {
    let path = try TestMount.temporaryDirectory()
    let daemon = try Command(["python3", "-c", Self.daemon, path])
    try await wait { MountTable.current().mount(at: path) != nil }
    let mount = try #require(MountTable.current().mount(at: path))
    let maker = try Command(["mkdir", "\(path)/x"])
    try await wait { Self.threadsThatHang(of: daemon.process) > 0 }
    kill(daemon.process, SIGKILL)
    // Its first thread ends, and the process does not: the other thread still has the device open.
    try await wait { ServingProcess.all.contains { $0.process.rawValue == daemon.process && $0.isDying } }
    #expect(MountLiveness.of(mount) == .dying(ProcessID(rawValue: daemon.process)))
    #expect(MountLiveness.of(mount).isOver)
    #expect(throws: MountError.stale(path)) { try Mountpoint(checking: path) }
    try Unmounter(mount).clear()
    let made = try await maker.result(within: 10) { Unmounter(mount).abort() }
    #expect(!made.timedOut && made.exitCode == 1, "\(made.output)")
    let ended = try await daemon.result(within: 10) { Unmounter(mount).abort() }
    #expect(!ended.timedOut && ended.signal == SIGKILL)
    #expect(MountTable.current().mount(at: path) == nil)
    #expect(rmdir(path) == 0)
  }

  private func wait(until condition: () -> Bool) async throws {
    let deadline = ContinuousClock.now + .seconds(10)
    while !condition() {
      try #require(ContinuousClock.now < deadline)
      await Task.yield()
    }
  }

  /// Those in uninterruptible sleep (`D` of proc_pid_stat(5)).
  private static func threadsThatHang(of process: pid_t) -> Int {
    guard let stream = opendir("/proc/\(process)/task") else { return 0 }
    defer { closedir(stream) }
    var count = 0
    while let entry = readdir(stream) {
      let thread = withUnsafePointer(to: &entry.pointee.d_name.0) { String(cString: $0) }
      let status = ProcessFile.text("/proc/\(process)/task/\(thread)/stat") ?? ""
      if status.split(separator: ")").last?.hasPrefix(" D") == true { count += 1 }
    }
    return count
  }
}
