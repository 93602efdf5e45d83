import Testing

/// What a program is told when the server does not take its bytes, and what becomes of them.
@Suite(.serialized, .timeLimit(.minutes(5)))
struct UploadErrorTests {
  static let servers: [Bed.Server] = [.local, .bare(arguments: [])]

  /// How a server, or a proxy before it, refuses an upload.
  struct Refusal: Sendable, CustomTestStringConvertible {
    var status: Int
    /// What close(2) and the others give.
    var errno: String
    /// Whether it may pass by itself, so that the mount tries again.
    var isTransient: Bool
    var testDescription: String { "\(status) is \(errno)" }
  }

  static let refusals = [
    Refusal(status: 403, errno: "EACCES", isTransient: false),
    Refusal(status: 413, errno: "EFBIG", isTransient: false),
    Refusal(status: 429, errno: "EAGAIN", isTransient: true),
    Refusal(status: 507, errno: "ENOSPC", isTransient: true),
  ]

  @Test(arguments: servers, refusals)
  func everyCallThatUploadsGivesTheReason(_ server: Bed.Server, _ refusal: Refusal) async throws {
    try await withBed(server, isProxied: true) { bed in
      try await bed.sh("mkdir 'echo before > f'; cat last/wait; cat 1/files/f")
      try await bed.fault("method=PUT&path=files/content&status=\(refusal.status)&count=100000")
      let (errno, status) = (refusal.errno, refusal.status)
      let refused = try await bed.sh(
        #"""
        cd 1/files
        python3 - <<'PY'
        import errno, os
        def told(what, call):
            try: call(); print(what, 0)
            except OSError as error: print(what, errno.errorcode[error.errno])
        def made(name):
            file = os.open(name, os.O_CREAT | os.O_WRONLY)
            os.write(file, name.encode() + b"\n")
            return file
        file = made("closed"); told("close", lambda: os.close(file))
        file = made("synced"); told("fsync", lambda: os.fsync(file)); told("and close", lambda: os.close(file))
        told("truncate", lambda: os.truncate("f", 3))
        file = made("f.tmp"); told("close f.tmp", lambda: os.close(file))
        told("rename f.tmp", lambda: os.rename("f.tmp", "g"))
        PY
        ls -A; cat closed synced f f.tmp
        jq -r '.pending_uploads[].path' $MNT/.beray/status.json | grep -v tmp | sort
        grep -v -P '\tretry\t' $MNT/.beray/errors | cut -f 2-5
        """#)
      let files = "1-echo-before-f/files"
      // Where f.tmp is held back, nothing goes up until its rename. A truncation that failed was none.
      #expect(
        refused.output == """
          close \(errno)
          fsync \(errno)
          and close \(errno)
          truncate \(errno)
          close f.tmp \(server.isBare ? "0" : errno)
          rename f.tmp \(errno)
          closed
          f
          f.tmp
          synced
          closed
          synced
          before
          f.tmp
          \(files)/closed
          \(files)/synced
          close\t\(files)/closed\t\(errno)\t\(status)
          fsync\t\(files)/synced\t\(errno)\t\(status)
          close\t\(files)/synced\t\(errno)\t\(status)
          truncate\t\(files)/f\t\(errno)\t\(status)
          \(server.isBare ? "" : "close\t\(files)/f.tmp\t\(errno)\t\(status)\n")\
          rename\t\(files)/f.tmp\t\(errno)\t\(status)

          """, "\(refused.errors)")
      try await bed.endFaults()
      let (closed, synced) = refusal.isTransient ? ("closed", "synced") : ("closed\nmore", "synced\nmore")
      let well = try await bed.sh(
        """
        cd 1/files; \(refusal.isTransient ? "" : "echo more >> closed; echo more >> synced;") mv f.tmp g; truncate -s 3 f
        until test "$(jq '.pending_uploads | length' $MNT/.beray/status.json)" = 0; do sleep 0.05; done
        cd $DIR/\(server.work); ls -A; cat closed synced g f
        """)
      #expect(well.output == "closed\nf\ng\nsynced\n\(closed)\n\(synced)\nf.tmp\nbef", "\(well.errors)")
    }
  }

  @Test(arguments: servers, ["INT", "KILL"])
  func aSignalEndsAClosingWriterAndNotItsUpload(_ server: Bed.Server, _ signal: String) async throws {
    try await withBed(server, isProxied: true) { bed in
      try await bed.sh("mkdir true; cat last/wait; ls 1/files")
      try await bed.fault("method=PUT&path=files/content&before=4")
      // The process is dead once the kernel has let go of it, though it may still be there to be waited for.
      let result = try await bed.sh(
        #"""
        cd 1/files
        python3 - > $DIR/ready 2> /dev/null <<'PY' & pid=$!
        import os, signal
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        file = os.open("f", os.O_CREAT | os.O_WRONLY)
        os.write(file, b"kept\n")
        print("closing", flush=True)
        os.close(file)
        print("closed", flush=True)
        PY
        until grep -q closing $DIR/ready && [[ $(cut -d ' ' -f 3 /proc/$pid/stat) = [SD] ]]; do sleep 0.01; done
        kill -\#(signal) $pid; timeout 1 tail -s 0.05 --pid=$pid -f /dev/null && echo gone
        wait $pid; echo $? $(cat $DIR/ready) $(ls -A $DIR/\#(server.work)); cat f
        until test -s $DIR/\#(server.work)/f; do sleep 0.05; done; cat $DIR/\#(server.work)/f
        until test "$(jq '.pending_uploads | length' $MNT/.beray/status.json)" = 0; do sleep 0.05; done
        cat f $MNT/.beray/errors; jq .requests.upload $MNT/.beray/status.json
        """#)
      #expect(
        result.output == "gone\n\(signal == "INT" ? 130 : 137) closing\nkept\nkept\nkept\n1\n", "\(result.errors)")
      try await bed.endMount()
      if server.isBare { #expect(bed.requests.filter { $0.hasPrefix("PUT") }.count == 1, "\(bed.requests)") }
    }
  }
}
