import Testing

/// The views of tasks that are found by name, and the events of all.
@Suite(.serialized, .timeLimit(.minutes(3)))
struct ViewTests {
  @Test(arguments: TreeTests.servers.prefix(2))
  func viewsAndOutcomes(server: Bed.Server) async throws {
    try await withBed(server) { bed in
      let result = try await bed.sh(
        """
        mkdir 'echo needle | tee f' 'echo oops >&2; exit 3'; cat 1/wait 2/wait
        ls by-status/FAILED by-status/RUNNING today | tr '\n' ' '; echo
        readlink by-status/COMPLETED/1*; cat by-status/COMPLETED/1*/goal
        cat 1/result; test -s 2/error && echo why; test $(stat -c %s 2/error) = $(wc -c < 2/error) && echo same
        cat 1/follow | cmp - 1/events.log && echo followed
        grep -rl needle */files | wc -l
        """)
      #expect(
        result.output == """
          COMPLETED
          FAILED
          by-status/FAILED: 2-echo-oops-2-exit-3  by-status/RUNNING:  today: 1-echo-needle-tee-f 2-echo-oops-2-exit-3\u{20}
          ../../1-echo-needle-tee-f
          echo needle | tee f
          needle
          why
          same
          followed
          1

          """, "\(result.errors)")
    }
  }

  @Test(arguments: TreeTests.servers.prefix(2))
  func allEventsAndTasksMadeElsewhere(server: Bed.Server) async throws {
    try await withBed(server) { bed in
      try await bed.sh("mkdir 'echo one'; cat last/wait")
      let made = try await bed.beray("task", "create", "echo cmd")
      #expect(made.status == 0, "\(made.errors)")
      let result = try await bed.sh(
        """
        cat last/goal
        timeout 20 head -n 1 .beray/events > $DIR/line & pid=$!
        i=0; while kill -0 $pid 2> /dev/null; do i=$((i + 1)); mkdir "echo $i"; cat last/wait > /dev/null; done
        grep -c '^{"task":[0-9]*,"event":{.*}}$' $DIR/line
        ls .beray
        """)
      #expect(result.output == "echo cmd\n1\nerrors\nstatus.json\nuser.json\n", "\(result.errors)")
    }
  }
}
