import Foundation
import Testing

/// Readers get one version of a file and all of it, or an error, whatever becomes of it on the server and on the way.
@Suite(.serialized, .timeLimit(.minutes(5)))
struct VersionTests {
  static let servers: [Bed.Server] = [.local, .bare(arguments: ["--details"])]

  private func task(_ bed: Bed, _ goal: String = "true") async throws {
    let ready = try await bed.sh("echo '\(goal)' > new; cat last/wait; ls 1/files > /dev/null")
    #expect(ready.output == "COMPLETED\n", "\(ready.errors)")
  }

  /// Reads 16 MiB, puts other bytes in the place of the file, and reads the rest.
  private static let replaced = """
    import os, subprocess
    path, old, new = '1/files/big', b'a' * (100 << 20), b'b' * (SIZE << 20)
    open(os.environ['DIR'] + '/new', 'wb').write(new)
    open(path, 'wb').write(old)
    subprocess.run(['sh', '-c', 'echo refresh > 1/ctl'])
    file = os.open(path, os.O_RDONLY)
    got = bytearray()
    while len(got) < 16 << 20: got += os.read(file, 1 << 20)
    put = ['curl', '-sSf', '-o', '/dev/null', '-X', 'PUT', '-T', os.environ['DIR'] + '/new', '-H', 'Authorization: Bearer '
           + open(os.environ['DIR'] + '/token').read().strip(), 'URL/api/v1/tasks/1/files/content?path=big']
    subprocess.run(put, check=True)
    try:
        while piece := os.read(file, 1 << 20): got += piece
        print('whole' if bytes(got) in (old, new) else f'a mixture of {len(got)} bytes')
    except OSError as error:
        print('stale' if error.errno == 116 and got == old[:len(got)] else error)
    os.close(file)
    subprocess.run(['sh', '-c', 'echo refresh > 1/ctl'])
    print(open(path, 'rb').read() == new)
    """

  @Test(arguments: servers, [100, 60, 130])
  func aLargeFileThatIsReplacedWhileItIsReadIsNoMixture(_ server: Bed.Server, _ size: Int) async throws {
    try await withBed(server) { bed in
      try await task(bed)
      let script = Self.replaced.replacing("SIZE", with: "\(size)").replacing("URL", with: bed.url)
      try script.write(toFile: bed.directory + "/script.py", atomically: true, encoding: .utf8)
      let result = try await bed.sh("python3 $DIR/script.py; cat .beray/errors", timeout: 120)
      let lines = result.output.split(separator: "\n")
      #expect(["stale", "whole"].contains(lines.first), "\(result.output) \(result.errors)")
      #expect(lines.dropFirst().first == "True", "\(result.output)")
      if lines.first == "stale" { #expect(result.output.contains("while it was read"), "\(result.output)") }
    }
  }

  @Test func anOpenFileOfAnySizeOutlivesItsName() async throws {
    try await withBed(.local) { bed in
      try await task(bed)
      let script = """
        import os
        content = bytes(range(256)) * (80 << 12)
        open('1/files/big', 'wb').write(content)
        open('1/ctl', 'w').write('refresh\\n')
        reader, writer = os.open('1/files/big', os.O_RDONLY), os.open('1/files/big', os.O_RDWR)
        got = os.read(reader, 1 << 20)
        os.unlink('1/files/big')
        while piece := os.read(reader, 1 << 20): got += piece
        print(got == content, os.listdir('1/files'))
        os.pwrite(writer, b'more', len(content))
        print(os.pread(reader, 10, len(content)), os.fstat(reader).st_nlink)
        """
      try script.write(toFile: bed.directory + "/script.py", atomically: true, encoding: .utf8)
      let result = try await bed.sh("python3 $DIR/script.py; cat .beray/errors", timeout: 120)
      #expect(result.output == "True []\nb'more' 0\n", "\(result.errors)")
    }
  }

  /// What a proxy in trouble sends is no file, and nothing goes up on top of it.
  @Test(arguments: servers, ["short=2400", "cut=2400"])
  func aShortAnswerIsNoFile(_ server: Bed.Server, _ fault: String) async throws {
    try await withBed(server, isProxied: true) { bed in
      try await task(bed, "yes | head -c 5000 > a.txt")
      try await bed.fault("method=GET&path=files/content&count=1000&\(fault)")
      let broken = try await bed.sh(
        "cat 1/files/a.txt | wc -c; echo appended >> 1/files/a.txt; echo $?; tail -1 .beray/errors")
      #expect(broken.output.hasPrefix("0\n1\n"), "\(broken.output)")
      #expect(broken.output.contains("its listing says 5000 bytes"), "\(broken.output)")
      #expect(broken.errors.contains("Input/output error"), "\(broken.errors)")
      try await bed.endFaults()
      try await bed.fault("method=GET&path=files/content&\(fault)")
      let well = try await bed.sh(
        "cat 1/files/a.txt | wc -c; echo appended >> 1/files/a.txt; wc -c < $DIR/\(server.work)/a.txt")
      #expect(well.output == "5000\n5009\n", "\(well.errors)")
    }
  }

  /// A download that breaks goes on where it broke, and one that is compressed comes out as it is.
  @Test func aDownloadThatBreaksGoesOn() async throws {
    try await withBed(.local, isProxied: true) { bed in
      try await task(bed, "head -c 9000000 /dev/urandom > big; yes | head -c 90000 > small")
      let work = bed.directory + "/" + Bed.Server.local.work
      for fault in ["break=3000000", "gzip=1"] {
        try await bed.fault("method=GET&path=files/content&\(fault)")
        let got = try await bed.beray("file", "get", "1", "big", "-o", bed.directory + "/got")
        #expect(got.status == 0, "\(fault): \(got.errors)")
        #expect(FileManager.default.contentsEqual(atPath: work + "/big", andPath: bed.directory + "/got"), "\(fault)")
      }
      try await bed.fault("method=GET&path=files/content&break=300000")
      let read = try await bed.sh("cmp 1/files/big $DIR/\(Bed.Server.local.work)/big && echo same; cat .beray/errors")
      #expect(read.output == "same\n", "\(read.errors)")
      try await bed.fault("method=GET&path=small&gzip=1")
      let small = try await bed.sh(
        "cmp 1/files/small $DIR/\(Bed.Server.local.work)/small && echo same; cat .beray/errors")
      #expect(small.output == "same\n", "\(small.errors)")
    }
  }

  /// A second without the server ends no `tail -f`.
  @Test func aFollowerOutlivesTheServersAbsence() async throws {
    try await withBed(.local, isProxied: true) { bed in
      try await task(bed, "echo one > log")
      try await bed.fault("method=GET&path=files/tree&status=503&count=1000")
      let result = try await bed.sh(
        """
        echo refresh > 1/ctl
        exec 3< 1/files/log || exit 1
        """)
      #expect(result.status == 1, "a file that nobody has open is not known")
      try await bed.endFaults()
      let followed = try await bed.sh(
        """
        :
        timeout 8 tail -n +1 -f -s 0.1 1/files/log > $DIR/out & tail=$!
        until grep -q one $DIR/out; do sleep 0.05; done
        curl -sS -X POST '\(bed.url)/_fault?method=GET&path=files/tree&status=503&count=1000'
        echo refresh > 1/ctl; sleep 1; kill -0 $tail && echo alive
        curl -sS -X POST '\(bed.url)/_well'; echo two >> $DIR/\(Bed.Server.local.work)/log; echo refresh > 1/ctl
        until grep -q two $DIR/out; do sleep 0.05; done; cat $DIR/out; kill $tail
        """, timeout: 20)
      #expect(followed.output == "alive\none\ntwo\n", "\(followed.errors)")
    }
  }

  /// Connections and temporary files leave descriptors for everything else.
  @Test func fewDescriptorsEndNoMount() async throws {
    try await withBed(.local) { bed in
      try await task(bed)
      let result = try await bed.sh(
        """
        (ulimit -n 64; exec '\(Bed.program)' mount $DIR/few --url \(bed.url) --token-file $DIR/token) >&2 || exit 1
        cd $DIR/few/1/files
        for i in $(seq 60); do head -c 100000 /dev/zero > f$i & done; wait
        for i in $(seq 14); do head -c 9000000 /dev/zero > big$i & done; wait
        echo refresh > ../ctl
        for i in $(seq 14); do cat big$i f$i > /dev/null & done; wait
        echo after > after; cat after; ls | wc -l
        cd /; '\(Bed.program)' unmount $DIR/few >&2; echo $?
        """, timeout: 120)
      #expect(result.output == "after\n75\n0\n", "\(result.errors)")
    }
  }
}
