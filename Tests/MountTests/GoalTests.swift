import Testing

/// Goals that are given by mkdir and by `new`, and those that are refused.
@Suite(.serialized, .timeLimit(.minutes(3)))
struct GoalTests {
  @Test(arguments: TreeTests.servers)
  func refusedNames(server: Bed.Server) async throws {
    try await withBed(server) { bed in
      for name in [".hidden", "lost+found", "Untitled Folder", "123"] {
        let result = try await bed.sh("mkdir '\(name)'")
        #expect(result.status == 1)
        #expect(result.errors.contains("Operation not permitted"), "\(name): \(result.errors)")
      }
      let errors = try await bed.sh("cat .beray/errors; ls -d [0-9]*")
      #expect(errors.output.split(separator: "\n").count == 4, "\(errors.output)")
      #expect(errors.output.contains("EPERM"))
      #expect(errors.status != 0, "no task was made")
    }
  }

  @Test(arguments: TreeTests.servers)
  func goalsWrittenToNew(server: Bed.Server) async throws {
    try await withBed(server) { bed in
      let result = try await bed.sh(
        """
        set -e
        { echo 'echo a'; date +'#%s'; echo 'echo b'; } > new
        cat last/id; cat last/wait > /dev/null; grep -c '[ab]$' last/events.log
        echo '{"goal": "echo tools", "tools": ["a"]}' > new
        cat last/id last/goal
        { printf '#'; head -c 102400 /dev/zero | tr '\\0' x; echo; echo 'echo long'; } > new
        cat last/id; stat -c %s last/goal; cat last/wait
        mkdir '写一首诗'
        readlink last
        : > new
        ls -d [0-9]* | wc -l
        cat new
        """)
      #expect(result.status == 0, "\(result.errors)")
      #expect(
        result.output == """
          1
          2
          2
          echo tools
          3
          102412
          COMPLETED
          4-写一首诗
          4
          4

          """)
    }
  }

  @Test(arguments: TreeTests.servers.prefix(2))
  func aRefusalThatAShellCannotSee(server: Bed.Server) async throws {
    try await withBed(server) { bed in
      let result = try await bed.sh(
        """
        echo 'echo one' > new; cat new
        echo '{"goal": }' > new; cat last/status 2> /dev/null; echo $?
        grep -c '^error: EINVAL' new; test $(stat -c %s new) = $(wc -c < new) && echo same
        echo '{"gaol": "x"}' > new; grep -o "'gaol' is not known" new
        { cat new; echo 'echo three'; } > $DIR/edited; cat $DIR/edited > new; cat new last/goal
        setsid -w cat new | head -c 1
        """)
      #expect(result.output == "1\n1\n1\nsame\n'gaol' is not known\n2\necho three\n#", "\(result.errors)")
    }
  }

  @Test(arguments: TreeTests.servers.prefix(2))
  func everyRefusedGoalLeavesItsReason(server: Bed.Server) async throws {
    try await withBed(server) { bed in
      let result = try await bed.sh(
        """
        mkdir 'a/b'; mkdir -p c/d; mkdir -p "$MNT/e/f/g"
        ls -d [0-9]* 2> /dev/null | wc -l
        mkdir "$(printf '写%.0s' $(seq 85))" "$(printf '# %01021d' 7)"
        ls -d [0-9]* | wc -l
        mkdir 'sleep 100'; mkdir 'sleep 100'; mkdir -p 'sleep 100'
        cut -f 2-4 .beray/errors; cut -f 8 .beray/errors | sort -u
        echo stop > last/ctl; cat last/wait; mkdir -p 'sleep 100'; mkdir 'sleep 100'
        ls -d *-sleep-100 | wc -l
        """)
      #expect(
        result.output == """
          0
          2
          mkdir\ta/b\tENOENT
          mkdir\tc/d\tEPERM
          mkdir\te/f/g\tEPERM
          mkdir\tsleep 100\tEEXIST
          will fail again
          STOPPED
          2

          """, "\(result.errors)")
    }
  }

  @Test(arguments: TreeTests.servers.prefix(1))
  func ctrlCStartsNothing(server: Bed.Server) async throws {
    try await withBed(server) { bed in
      let result = try await bed.sh(
        """
        python3 - <<'PY'
        import signal, subprocess
        with open("new", "w") as new:
            cat = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=new,
                                   preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
        cat.stdin.write(b"echo half\\n")
        cat.stdin.flush()
        while "wchar: 10\\n" not in open(f"/proc/{cat.pid}/io").read(): pass
        cat.send_signal(signal.SIGINT)
        print(cat.wait())
        PY
        echo 'echo real' > new
        cat new; ls -d [0-9]* | wc -l; cut -f 4 .beray/errors
        """)
      #expect(result.output == "-2\n1\n1\nEINTR\n", "\(result.errors)")
    }
  }

  @Test(arguments: TreeTests.servers.prefix(2))
  func quickWritesBecomeTasksInTheirOrder(server: Bed.Server) async throws {
    try await withBed(server) { bed in
      let result = try await bed.sh(
        """
        for i in $(seq 20); do echo "echo $i" > new; done
        ls > /dev/null
        for i in $(seq 20); do test "$(cat $i/goal)" = "echo $i" || echo "$i: $(cat $i/goal)"; done
        """)
      #expect(result.output == "", "\(result.errors)")
    }
  }
}
