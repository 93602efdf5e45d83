import Foundation
import Glibc
import Testing

/// What a mount does not give, and says so; and what holds at the limits of what it gives.
@Suite(.serialized, .timeLimit(.minutes(3)))
struct LimitsTests {
  static let servers: [Bed.Server] = [.local, .bare(arguments: [])]

  /// Also of goals with a slash, which are no names.
  private func task(_ bed: Bed, _ goal: String = "true") async throws {
    let ready = try await bed.sh("echo '\(goal)' > new; cat last/wait; ls 1/files > /dev/null")
    #expect(ready.output == "COMPLETED\n", "\(ready.errors)")
  }

  /// How many uploads the bare server got.
  private func uploads(_ bed: Bed) -> Int { bed.requests.filter { $0.hasPrefix("PUT") }.count }

  // MARK: - What an agent leaves there

  private static let links = """
    echo x > a; mkdir d; ln -s ../a d/good; ln -s /etc/passwd d/abs; ln -s ../../x d/out; ln -s gone d/dangling; mkfifo p
    """

  @Test func linksAreShownWhereTheyStayInside() async throws {
    try await withBed(.local) { bed in
      try await task(bed, Self.links)
      let result = try await bed.sh(
        """
        cd 1/files; ls -A . d; readlink d/good d/dangling; cat d/good; cat d/abs d/out p
        echo y > d/good; work=$DIR/\(Bed.Server.local.work); cat a $work/a; readlink d/good $work/d/good
        unlink d/good; ls -A $work/d; cat a; find . -type p
        """)
      #expect(
        result.output == """
          .:
          a
          d

          d:
          dangling
          good
          ../a
          gone
          x
          y
          y
          ../a
          ../a
          abs
          dangling
          out
          y

          """, "\(result.errors)")
      #expect(
        result.errors == """
          cat: d/abs: No such file or directory
          cat: d/out: No such file or directory
          cat: p: No such file or directory

          """)
    }
  }

  /// It lists names alone, so that nobody knows what they are before asking for their content.
  @Test func onABareServerNoLinkLeadsOut() async throws {
    try await withBed(.bare(arguments: [])) { bed in
      try await task(bed, Self.links)
      let result = try await bed.sh(
        """
        cd 1/files; ls -A . && ls -A d && echo listed; cat a d/good; echo y > d/good; cat $DIR/bare/1/a
        readlink $DIR/bare/1/d/good; cat d/abs d/out d/dangling p; grep -rl root: .
        """, timeout: 15)
      #expect(
        result.output == "a\nd\np\nabs\ndangling\ngood\nout\nlisted\nx\nx\ny\n../a\n", "\(result.errors)")
    }
  }

  /// A bare server cannot remove it again.
  @Test(arguments: OpenFileTests.servers)
  func aDeepTreeIsSeenAndRemoved(_ server: Bed.Server) async throws {
    try await withBed(server) { bed in
      let result = try await bed.sh(
        """
        mkdir true; cat last/wait > /dev/null; cd 1/files
        python3 - <<'PY'
        import os
        top = os.getcwd()
        for _ in range(300):
            os.mkdir("d")
            os.chdir("d")
        with open("f", "w") as f: f.write("deep")
        os.chdir(top)
        PY
        echo refresh > ../ctl; find . | wc -l; find . -type f | tr -dc / | wc -c; find . -type f -execdir cat {} \\;; echo
        find $DIR/\(server.work)/d -type f -printf '%P\n' | tr -dc / | wc -c
        \(server.isBare ? "" : "rm -r d; ls -A | wc -l; ls -A $DIR/\(server.work) | wc -l")
        """, timeout: 60)
      #expect(
        result.output == "302\n301\ndeep\n299\n" + (server.isBare ? "" : "0\n0\n"), "\(result.output) \(result.errors)")
    }
  }

  // MARK: - What a bare server cannot do

  @Test func aBareServerKeepsItsDirectories() async throws {
    try await withBed(.bare(arguments: [])) { bed in
      try await task(bed, "mkdir -p d/full empty; echo x > d/full/f")
      let result = try await bed.sh(
        """
        cd 1/files; find . | sort > $DIR/before
        for try in 'rmdir empty' 'mv -T d e' 'mv d empty/' 'mv -T empty d/other'; do $try 2> /dev/null; echo $?; done
        python3 - <<'PY'
        import errno, os
        def told(call):
            try: call(); print("done")
            except OSError as error: print(errno.errorcode[error.errno])
        told(lambda: os.chown("d/full/f", 65534, -1)); told(lambda: os.chown("d", -1, 65534))
        told(lambda: os.chown("d/full/f", os.getuid(), os.getgid())); told(lambda: os.mkfifo("p"))
        told(lambda: os.rename("d", "e")); told(lambda: os.rmdir("d/full"))
        PY
        find . | sort | cmp - $DIR/before; (cd $DIR/bare/1; find . | sort | cmp - $DIR/before)
        cut -f 2-4 $MNT/.beray/errors | sed 's,\t[^\t]*/files/,\t,'
        """)
      // Who is not root is refused by the kernel.
      let chowns = geteuid() == 0 ? "chown\td/full/f\tEPERM\nchown\td\tEPERM\n" : ""
      #expect(
        result.output == """
          1
          1
          1
          1
          EPERM
          EPERM
          done
          EPERM
          EPERM
          ENOTEMPTY
          rmdir\tempty\tEPERM
          rename\tempty\tEPERM
          \(chowns)mknod\tp\tEPERM
          rename\td\tEPERM

          """, "\(result.errors)")
      #expect(uploads(bed) == 0, "\(bed.requests)")
    }
  }

  @Test func aNewDirectoryIsNoRequestUntilAFileIsInIt() async throws {
    try await withBed(.bare(arguments: [])) { bed in
      try await task(bed)
      let result = try await bed.sh(
        """
        cd 1/files; mkdir -p a/b gone; mv a c; rmdir gone; ls -A . $DIR/bare/1; mkdir other
        echo x > c/b/f; mv other last; find c | sort; ls -A . $DIR/bare/1; cat $DIR/bare/1/c/b/f $MNT/.beray/errors
        """)
      let work = bed.directory + "/bare/1"
      #expect(
        result.output == ".:\nc\n\n\(work):\nc\nc/b\nc/b/f\n.:\nc\nlast\n\n\(work):\nc\nx\n", "\(result.errors)")
      try await bed.endMount()
      #expect(bed.requests.filter { !$0.hasPrefix("GET") }.count == 2, "one task, one upload: \(bed.requests)")
    }
  }

  @Test func installToAFreeNameIsOneUpload() async throws {
    try await withBed(.bare(arguments: [])) { bed in
      try await task(bed)
      let result = try await bed.sh(
        """
        echo '#!/bin/sh' > $DIR/new; cd 1/files; install -m 755 $DIR/new run; echo $?; stat -c %a run
        cat run $DIR/bare/1/run; ls -A $DIR/bare/1; cat $MNT/.beray/errors
        """)
      #expect(result.output == "0\n755\n#!/bin/sh\n#!/bin/sh\nrun\n", "\(result.errors)")
      try await bed.endMount()
      #expect(uploads(bed) == 1, "\(bed.requests)")
    }
  }

  // MARK: - Permissions

  /// Who mounted, without what lets root write everywhere.
  @Test(arguments: servers)
  func theModeIsCheckedForTheOwner(_ server: Bed.Server) async throws {
    try await withBed(server) { bed in
      try await task(bed)
      let drop = getuid() == 0 ? "setpriv --bounding-set -all --inh-caps -all" : ""
      let result = try await bed.sh(
        """
        cd 1/files; echo x > f; chmod 444 f; \(drop) sh -c 'cat f; echo y > f'; echo $?; chmod 200 f; \(drop) cat f; echo $?
        chmod 644 f; \(drop) sh -c 'echo y > f'; echo $?; cat f $DIR/\(server.work)/f
        """)
      #expect(result.output == "x\n2\n1\n0\ny\ny\n", "\(result.errors)")
      #expect(result.errors.components(separatedBy: "Permission denied").count == 3, "\(result.errors)")
    }
  }

  /// Only root can be somebody else.
  @Test(.enabled(if: getuid() == 0), arguments: [true, false])
  func theModeIsCheckedForOthersWhereTheyMayComeIn(_ isAllowed: Bool) async throws {
    try await withBed(.local, mountArguments: isAllowed ? ["-o", "allow_other"] : []) { bed in
      try await task(bed)
      // The directories above belong to who mounted alone, so they begin where the files are.
      let result = try await bed.sh(
        """
        cd 1/files; echo x > f; chmod 755 .
        other() { setpriv --reuid=65534 --regid=65534 --clear-groups sh -c "$1" 2> /dev/null; echo $?; }
        chmod 444 f; other 'cat f'; other 'echo y > f'; chmod 600 f; other 'cat f'
        chmod 646 f; other 'echo y > f'; other 'chmod 666 f'; other 'rm -f f'; other 'echo x > new'
        cat f $DIR/\(Bed.Server.local.work)/f; ls -A; other "ls '$MNT'"
        """)
      let expected = isAllowed ? "x\n0\n2\n1\n0\n1\n1\n2\ny\ny\nf\n2\n" : "1\n2\n1\n2\n1\n1\n2\nx\nx\nf\n2\n"
      #expect(result.output == expected, "\(result.errors)")
    }
  }

  @Test func scriptsStayExecutable() async throws {
    try await withBed(.local) { bed in
      try await task(bed)
      for save in [
        "sed -i s/1/2/ run", "perl -pi -e s/2/3/ run", "vim -u NONE -es -c s/3/4/ -c wq run",
        "vim -u DEFAULTS -es -c s/4/5/ -c wq run", "vim -u NONE -es -c 'set backup undofile' -c s/5/6/ -c wq run",
        "cp $DIR/new run", "cat $DIR/new > run", "echo true >> run", "rsync $DIR/new run",
        "printf '%s\\n' '1s/7/8/' w q | ed -s run",
      ] {
        let result = try await bed.sh(
          """
          cd 1/files; work=$DIR/\(Bed.Server.local.work); echo 'echo 7' > $DIR/new
          test -e run || { echo 'echo 1' > run; chmod 755 run; }
          \(save); stat -c %a run $work/run; echo refresh > $MNT/1/ctl; stat -c %a run $work/run; cmp run $work/run && ./run
          """)
        let lines = result.output.split(separator: "\n")
        #expect(lines.prefix(4) == ["755", "755", "755", "755"], "\(save): \(result)")
        #expect(result.status == 0 && lines.count == 5, "\(save): \(result)")
      }
    }
  }

  // MARK: - Names

  @Test(arguments: servers)
  func namesAreTheSameBytesOnTheServer(_ server: Bed.Server) async throws {
    try await withBed(server) { bed in
      try await task(bed)
      let result = try await bed.sh(
        #"""
        cat > $DIR/names.py <<'PY'
        import os, sys
        work = os.fsencode(os.environ["DIR"]) + b"/\#(server.work)"
        names = ["n" * 255, "日" * 85, "\u00e9", "e\u0301", "two\nlines", "\N{CRAB}\N{ZERO WIDTH JOINER}\N{ROCKET}", "-rf",
                 " spaces ", "100%25 a+b&c=d;e?f#g", "back\\slash", "quo\"te's", "tab\tbell\a", "...", "~x"]
        names = sorted(name.encode() for name in names)
        if sys.argv[1] == "write":
            for name in names:
                with open(name, "xb") as file: file.write(name)
            os.mkdir("directory \u00e9")
            with open("directory \u00e9/e\u0301", "x") as file: file.write("inside")
        names.append("directory \u00e9".encode())
        names.sort()
        for place in (b".", work):
            found = sorted(os.listdir(place))
            if found != names: print(place, [n for n in names if n not in found], [n for n in found if n not in names])
            for name in names:
                if name.startswith(b"directory"): name += "/e\u0301".encode()
                with open(os.path.join(place, name), "rb") as file: content = file.read()
                if content != (b"inside" if b"/" in name else name): print(place, name, content)
        print(sys.argv[1])
        PY
        cd 1/files; python3 $DIR/names.py write; echo refresh > $MNT/1/ctl; python3 $DIR/names.py read; cat $MNT/.beray/errors
        """#)
      #expect(result.output == "write\nread\n", "\(result.errors)")
      if server.isBare { #expect(uploads(bed) == 15, "\(bed.requests)") }
      let long = try await bed.sh("cd 1/files; echo x > $(printf '%256s' '' | tr ' ' n)")
      #expect(long.errors.contains("File name too long"), "\(long.errors)")
    }
  }
}
