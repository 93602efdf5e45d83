import Testing

/// What several processes and handles do with one open file, and how large it may be.
@Suite(.serialized, .timeLimit(.minutes(5)))
struct OpenFileTests {
  static let servers: [Bed.Server] = [.local, .bare(arguments: [])]

  private func task(_ bed: Bed, _ goal: String = "true") async throws {
    let ready = try await bed.sh("mkdir '\(goal)'; cat last/wait; ls 1/files > /dev/null")
    #expect(ready.output == "COMPLETED\n", "\(ready.errors)")
  }

  /// How many uploads the bare server got.
  private func uploads(_ bed: Bed) -> Int { bed.requests.filter { $0.hasPrefix("PUT") }.count }

  /// Each of its children closes the log that it inherited.
  @Test(arguments: servers)
  func theLogOfMakeIsOneUpload(_ server: Bed.Server) async throws {
    try await withBed(server) { bed in
      try await task(bed)
      let result = try await bed.sh(
        #"""
        mkdir $DIR/src; printf 'all: $(shell seq 30)\n$(shell seq 30):\n\t@/bin/echo made $@\n' > $DIR/src/Makefile
        make -s -j4 -C $DIR/src > 1/files/log; echo $?
        cmp 1/files/log $DIR/\#(server.work)/log; sort -n -k 2 1/files/log | cmp - <(seq -f 'made %g' 30)
        cat .beray/errors; jq .requests.upload .beray/status.json
        """#)
      #expect(result.output == "0\n1\n", "\(result.errors)")
      if server.isBare { #expect(uploads(bed) == 1, "\(bed.requests)") }
    }
  }

  @Test(arguments: servers)
  func copiesOfADescriptorAreOneFile(_ server: Bed.Server) async throws {
    try await withBed(server) { bed in
      try await task(bed)
      let result = try await bed.sh(
        """
        cd 1/files; exec 3>f; exec 4>&3; echo a >&4; exec 4>&-; (echo b >&3); exec 3>&-
        cat f $DIR/\(server.work)/f $MNT/.beray/errors; test $(jq .requests.upload $MNT/.beray/status.json) -le 2; echo $?
        """)
      #expect(result.output == "a\nb\na\nb\n0\n", "\(result.errors)")
      if server.isBare { #expect(uploads(bed) <= 2, "\(bed.requests)") }
    }
  }

  /// A shell that works in a directory, and a program that has it open, know it by number and not by name.
  @Test(arguments: servers)
  func aHeldDirectoryIsWatchedAndOutlivesItsName(_ server: Bed.Server) async throws {
    try await withBed(server, mountArguments: ["--freshness", "0.2"]) { bed in
      try await task(bed)
      let script = """
        import os
        os.chdir('1/files')
        server = os.environ['DIR'] + '/\(server.work)'
        os.mkdir('d'); open('d/f', 'w').close()
        for held in ('.', 'd'):
            handle = os.open(held, os.O_RDONLY)
            os.listdir(handle)
            before = os.fstat(handle).st_mtime_ns
            open(f'{server}/{held}/theirs', 'w').close()
            while os.fstat(handle).st_mtime_ns == before: pass
            print(held, 'moved')
        os.mkdir('gone')
        handle = os.open('gone', os.O_RDONLY)
        os.rmdir('gone')
        print(os.fstat(handle).st_nlink)
        """
      let result = try await bed.sh("python3 -c \"\(script)\"")
      #expect(result.output == ". moved\nd moved\n0\n", "\(result.output) \(result.errors)")
    }
  }

  /// What is left of the process that opened a file.
  enum Opener: String, Sendable, CaseIterable {
    case nothing
    /// Nobody has waited for it yet; its descriptors are closed all the same.
    case zombie
  }

  /// A daemon goes on with what it was given.
  @Test(arguments: servers, Opener.allCases)
  func theLastCloseIsToldWhereTheOpenerIsGone(_ server: Bed.Server, _ left: Opener) async throws {
    let daemon = #"""
      import errno, os, sys, time
      name, left = sys.argv[1:]
      file = os.open(name, os.O_CREAT | os.O_WRONLY)
      opener = os.getpid()
      def isGone():
          if left == "nothing": return not os.path.exists(f"/proc/{opener}")
          with open(f"/proc/{opener}/stat") as stat: return stat.read().split(")")[-1].split()[0] == "Z"
      if os.fork(): os._exit(0)
      while not isGone(): time.sleep(0.01)
      os.write(file, name.encode() + b"\n")
      try: os.close(file); told = "0"
      except OSError as error: told = errno.errorcode[error.errno]
      result = os.environ["DIR"] + "/result-" + name
      with open(result + ".tmp", "w") as out: out.write(told + "\n")
      os.rename(result + ".tmp", result)
      """#
    func run(_ name: String) -> String {
      let command = "python3 $DIR/daemon.py \(name) \(left)"
      // What a shell becomes waits for none of the shell's children.
      return """
        cd 1/files; \(left == .zombie ? "(\(command) & exec sleep 100) & parent=$!" : command)
        until test -e $DIR/result-\(name); do sleep 0.01; done
        cat $DIR/result-\(name) $DIR/\(server.work)/\(name) \(name); \(left == .zombie ? "kill $parent" : "")
        """
    }
    try await withBed(server, isProxied: true) { bed in
      try await task(bed)
      let result = try await bed.sh("printf '%s' '\(daemon)' > $DIR/daemon.py; \(run("first"))")
      #expect(result.output == "0\nfirst\nfirst\n", "\(result.errors)")
      if server.isBare { #expect(uploads(bed) == 1, "\(bed.requests)") }
      try await bed.fault("method=PUT&path=files/content&status=507")
      let refused = try await bed.sh(run("second"))
      #expect(refused.output == "ENOSPC\nsecond\n", "\(refused.errors)")
      let arrived = try await bed.sh(
        "until test -s $DIR/\(server.work)/second; do sleep 0.05; done; cat $DIR/\(server.work)/second")
      #expect(arrived.output == "second\n")
    }
  }

  @Test func aFileThatIsRenamedOrRemovedWhileOpenGoesOn() async throws {
    try await withBed(.local) { bed in
      try await task(bed, "for n in a b c d; do printf old-$n > $n; done")
      let result = try await bed.sh(
        #"""
        cd 1/files
        python3 - <<'PY'
        import os
        work = os.environ["DIR"] + "/\#(Bed.Server.local.work)/"
        def text(name):
            with open(name, "rb") as file: return file.read()
        def both(name): return text(name), text(work + name)
        # Renamed while the server has all of it, and while it has not.
        f = open("a", "r+b", buffering=0); f.write(b"one"); os.fsync(f); os.rename("a", "A"); f.write(b"two")
        f.seek(0); print(f.read(), both("A")); f.close(); print(both("A"))
        f = open("new", "w+b", buffering=0); f.write(b"one"); os.rename("new", "NEW"); f.write(b"two")
        f.seek(0); print(f.read(), both("NEW")); f.close(); print(both("NEW"))
        # Over another, which somebody reads still.
        g = open("b", "rb", buffering=0)
        f = open("c", "r+b", buffering=0); f.write(b"NEW"); os.rename("c", "b"); f.write(b"+"); f.close()
        print(g.read(), both("b"))
        # Removed: nobody gets it any more.
        f = open("d", "r+b", buffering=0); os.unlink("d"); print(f.read()); f.write(b"more"); f.seek(0); print(f.read())
        os.fsync(f); f.close()
        f = open("gone", "w+b", buffering=0); f.write(b"here"); os.fsync(f); os.unlink("gone"); f.write(b" still")
        f.seek(0); print(f.read()); f.close()
        # A new file of that name is another.
        f = open("NEW", "r+b", buffering=0); f.write(b"1"); os.unlink("NEW"); open("NEW", "w").write("another"); f.write(b"2")
        f.seek(0); print(f.read()); f.close(); print(both("NEW"))
        print(sorted(os.listdir(".")), sorted(os.listdir(work)))
        PY
        cat $MNT/.beray/errors
        """#)
      #expect(
        result.output == """
          b'onetwo' (b'onetwo', b'one-a')
          (b'onetwo', b'onetwo')
          b'onetwo' (b'onetwo', b'one')
          (b'onetwo', b'onetwo')
          b'old-b' (b'NEW+c', b'NEW+c')
          b'old-d'
          b'old-dmore'
          b'here still'
          b'12etwo'
          (b'another', b'another')
          ['A', 'NEW', 'b'] ['A', 'NEW', 'b']

          """, "\(result.errors)")
    }
  }

  @Test func whatDidNotChangeIsNotUploaded() async throws {
    try await withBed(.bare(arguments: [])) { bed in
      try await task(bed, "echo old > f")
      for script in [
        "exec 3<>f; exec 3>&-", "touch -c f", "touch -c missing", ": >> f", "vim -u NONE -es -c q f",
        "vim -u DEFAULTS -es -c q f", "tail -c 1 f", "cp f /dev/null",
        "python3 -c 'import os; f = os.open(\"f\", os.O_RDWR); os.read(f, 9); os.fsync(f); os.fdatasync(f); os.close(f)'",
        "python3 -c 'import mmap, os; f = os.open(\"f\", os.O_RDWR); m = mmap.mmap(f, 4); m[:]; m.flush(); m.close()'",
        "chmod 600 f", "truncate -c -s 9 missing",
      ] {
        let result = try await bed.sh("cd 1/files; \(script) > /dev/null", timeout: 10)
        #expect(result.status == 0, "\(script): \(result.errors)")
        #expect(uploads(bed) == 0, "\(script)")
      }
      let after = try await bed.sh("ls -A 1/files; cat 1/files/f $DIR/bare/1/f .beray/errors")
      #expect(after.output == "f\nold\nold\n")
      try await bed.endMount()
      #expect(uploads(bed) == 0, "\(bed.requests)")
    }
  }

  @Test(arguments: servers)
  func renamesThatMustNotReplace(_ server: Bed.Server) async throws {
    try await withBed(server) { bed in
      try await task(bed, "echo 1 > a; echo 2 > b")
      let result = try await bed.sh(
        #"""
        cd 1/files; echo 3 > c.tmp; echo 4 > d.tmp
        python3 - <<'PY'
        import ctypes, errno
        libc = ctypes.CDLL(None, use_errno=True)
        def rename(old, new, flags):
            failed = libc.renameat2(-100, old, -100, new, flags)
            print(old.decode(), new.decode(), flags, errno.errorcode[ctypes.get_errno()] if failed else 0)
        NOREPLACE, EXCHANGE = 1, 2
        for old, new in [(b"a", b"b"), (b"c.tmp", b"d.tmp"), (b"c.tmp", b"b")]: rename(old, new, EXCHANGE)
        for old, new in [(b"a", b"b"), (b"c.tmp", b"b"), (b"c.tmp", b"d.tmp"), (b"b", b"d.tmp")]: rename(old, new, NOREPLACE)
        rename(b"c.tmp", b"c", NOREPLACE)
        PY
        head a b c d.tmp; cd $DIR/\#(server.work); head a b c
        """#)
      let files = "==> a <==\n1\n\n==> b <==\n2\n\n==> c <==\n3\n"
      #expect(
        result.output == """
          a b 2 EINVAL
          c.tmp d.tmp 2 EINVAL
          c.tmp b 2 EINVAL
          a b 1 EEXIST
          c.tmp b 1 EEXIST
          c.tmp d.tmp 1 EEXIST
          b d.tmp 1 EEXIST
          c.tmp c 1 0
          \(files)
          ==> d.tmp <==
          4
          \(files)
          """, "\(result.errors)")
      if server.isBare { #expect(uploads(bed) == 1, "\(bed.requests)") }
    }
  }

  /// What is read is cached, so the cache is a part of it.
  @Test(arguments: servers)
  func aLargeFileTakesLittleMemory(_ server: Bed.Server) async throws {
    try await withBed(server, mountArguments: ["--cache-size", "64"]) { bed in
      try await task(bed)
      let result = try await bed.sh(
        #"""
        set -e
        python3 - <<'PY' > $DIR/sum
        import hashlib, random
        pieces, sum = random.Random(1), hashlib.sha256()
        with open("1/files/large", "wb") as file:
            for _ in range(300):
                piece = pieces.randbytes(1 << 20); sum.update(piece); file.write(piece)
        print(sum.hexdigest())
        PY
        echo refresh > 1/ctl; { echo 3 > /proc/sys/vm/drop_caches; } 2> /dev/null || true
        for file in 1/files/large $DIR/\#(server.work)/large; do sha256sum < $file | cut -d ' ' -f 1 | cmp - $DIR/sum; done
        stat -c %s 1/files/large
        used=$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\).*/\1/p' /proc/$(jq .process .beray/status.json)/status)
        test $used -lt $((200 << 10)) && echo little || echo "$used KiB"
        """#, timeout: 120)
      #expect(result.output == "314572800\nlittle\n", "\(result.errors)")
      if server.isBare { #expect(uploads(bed) == 1, "\(bed.requests)") }
    }
  }
}
