import Foundation
import Testing

/// Real programs save files: on a server with the SDK's endpoints alone each save is one PUT of the file, and no other
/// name is ever seen there; on a full server nothing is left over.
@Suite(.serialized, .timeLimit(.minutes(10)))
struct SaveTests {
  /// A program, and what it makes of `f`, whose text is `alpha`, `beta`, `gamma`, a line each.
  struct Save: Sendable, CustomTestStringConvertible {
    var name: String
    /// Run in files/.
    var script: String
    var result: String
    /// How many PUTs of `f` it takes on a bare server.
    var uploads = 1
    /// How many uploads of temporary files, backups and editors' own files come to them on a full server.
    var further = 0...0
    var testDescription: String { name }
  }

  static let changed = "alpha\nBETA\ngamma\n"
  static let saves: [Save] = [
    Save(
      name: "vim", script: "vim -u NONE -n -es -c 's/^/x/' -c 'u' -c '%s/beta/BETA/' -c wq f", result: changed,
      further: 1...3),
    Save(
      name: "vim with its defaults", script: "vim -u DEFAULTS -es -c '%s/beta/BETA/' -c wq f", result: changed,
      further: 0...8),
    Save(
      name: "vim as the system sets it", script: "vim -es -c '%s/beta/BETA/' -c wq f", result: changed, further: 1...9),
    Save(
      name: "vim on a terminal",
      script:
        "TERM=xterm timeout 20 script -qec \"vim -u DEFAULTS f\" /dev/null <<< $':%s/beta/BETA/\\r:wq\\r' > /dev/null",
      result: changed, further: 0...8),
    Save(
      name: "vim, saved twice",
      script: "vim -u NONE -es -c '%s/beta/b/' -c w -c '%s/^b$/BETA/' -c wq f", result: changed, uploads: 2,
      further: 2...12),
    Save(
      name: "nano",
      script: """
        TERM=xterm tmux -L "$$" -f /dev/null new-session -d -x 80 -y 24 'nano f'
        until tmux -L "$$" capture-pane -p | grep -q gamma; do :; done
        tmux -L "$$" send-keys -l 'alpha'; tmux -L "$$" send-keys Enter
        tmux -L "$$" send-keys C-o Enter; until tmux -L "$$" capture-pane -p | grep -q Wrote; do :; done
        tmux -L "$$" send-keys C-x; while tmux -L "$$" has-session 2> /dev/null; do :; done
        """, result: "alpha\nalpha\nbeta\ngamma\n", further: 0...2),
    Save(name: "sed -i", script: "sed -i s/beta/BETA/ f", result: changed),
    Save(name: "perl -i", script: "perl -pi -e s/beta/BETA/ f", result: changed),
    Save(name: "ed", script: "printf '%s\\n' 2s/beta/BETA/ w q | ed -s f", result: changed),
    Save(
      name: "patch", script: "printf '%s\\n' '--- f' '+++ f' '@@ -2 +2 @@' -beta +BETA | patch -s f", result: changed),
    Save(name: "rsync", script: "printf 'alpha\\ndelta\\n' > $DIR/f; rsync -a $DIR/f ./", result: "alpha\ndelta\n"),
    Save(
      name: "python's atomic save",
      script: """
        python3 - <<'PY'
        import os
        name = ".f.Ab12Cd"
        with open(name, "x") as file:
            file.write("alpha\\nBETA\\ngamma\\n")
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, "f")
        PY
        """, result: changed),
    Save(
      name: "python's tempfile",
      script: """
        python3 - <<'PY'
        import os, tempfile
        with tempfile.NamedTemporaryFile("w", dir=".", delete=False) as file: file.write("alpha\\nBETA\\ngamma\\n")
        os.replace(file.name, "f")
        PY
        """, result: changed),
    Save(
      name: "mktemp", script: "t=$(mktemp -p .) && sed s/beta/BETA/ f > $t && mv $t f", result: changed, further: 1...1),
    Save(name: "GIO", script: "sed s/beta/BETA/ f > $DIR/f; gio save f < $DIR/f > $DIR/log", result: changed),
    Save(
      name: "QSaveFile and g_file_set_contents",
      script: """
        python3 - <<'PY'
        import os
        file = os.open("f.QxY3zb", os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        os.write(file, b"alpha\\nBETA\\ngamma\\n")
        os.fsync(file)
        os.close(file)
        os.rename("f.QxY3zb", "f")
        PY
        """, result: changed),
    Save(
      name: "IDEs of JetBrains",
      script: """
        sed s/beta/BETA/ f > f___jb_tmp___ && mv f f___jb_old___ && mv f___jb_tmp___ f && rm f___jb_old___
        """, result: changed),
    Save(
      name: "python's tempfile with the file's name",
      script: "sed s/beta/BETA/ f > .f.txt.kvpqdq06 && python3 -c 'import os; os.replace(\".f.txt.kvpqdq06\", \"f\")'",
      result: changed),
    Save(name: "write-file-atomic", script: "sed s/beta/BETA/ f > f.3492183417 && mv f.3492183417 f", result: changed),
    Save(name: "Go's CreateTemp", script: "sed s/beta/BETA/ f > f1234567890 && mv f1234567890 f", result: changed),
    Save(name: "Rust's tempfile", script: "sed s/beta/BETA/ f > .tmpAb12Cd && mv .tmpAb12Cd f", result: changed),
    Save(name: "f.tmp", script: "sed s/beta/BETA/ f > f.tmp && mv f.tmp f", result: changed),
    Save(name: ">", script: "printf 'alpha\\nBETA\\n' > f", result: "alpha\nBETA\n"),
    Save(name: ">>", script: "echo delta >> f", result: "alpha\nbeta\ngamma\ndelta\n"),
    Save(
      name: "a log of many processes", script: "{ for i in 1 2 3; do /bin/echo $i; done; } > f", result: "1\n2\n3\n"),
    Save(name: "tee", script: "echo tea | tee f > /dev/null", result: "tea\n"),
    Save(name: "cp", script: "echo new > $DIR/new; cp $DIR/new f", result: "new\n"),
    Save(
      name: "cp -p",
      script: "echo new > $DIR/new; touch -d @1000 $DIR/new; cp -p $DIR/new f; test $(stat -c %Y f) = 1000",
      result: "new\n"),
    Save(name: "dd", script: "printf BETA | dd of=f bs=1 seek=6 conv=notrunc status=none", result: changed),
    Save(name: "truncate", script: "truncate -s 5 f", result: "alpha"),
    Save(name: ": >", script: ": > f", result: ""),
  ]

  @Test(arguments: saves)
  func onABareServerItIsOneUpload(_ save: Save) async throws {
    try await withBed(.bare(arguments: [])) { bed in
      try await run(save, bed, work: "bare/1")
      let changes = bed.requests.filter { !$0.hasPrefix("GET") }.dropFirst()
      let expected = Array(repeating: "PUT /api/v1/tasks/1/files/content?path=f", count: save.uploads)
      // An archive that a walk asked for changes nothing. Behind the path stands the length.
      let paths = changes.filter { !$0.contains("/download") }.map {
        $0.split(separator: " ").dropLast().joined(separator: " ")
      }
      #expect(paths == expected, "\(bed.requests)")
    }
  }

  @Test(arguments: saves)
  func onAFullServerNothingIsLeftOver(_ save: Save) async throws {
    try await withBed(.local) { bed in
      try await run(save, bed, work: "data/tasks/1/work")
      let asked = try await bed.sh("jq '(.requests.upload // 0) + (.requests.append // 0)' .beray/status.json")
      let uploads = try #require(Int(asked.output.trimmingCharacters(in: .newlines)))
      #expect(save.further.contains(uploads - save.uploads), "\(uploads)")
    }
  }

  private func run(_ save: Save, _ bed: Bed, work: String) async throws {
    let ready = try await bed.sh("mkdir 'printf \"alpha\\nbeta\\ngamma\\n\" > f'; cat last/wait; cat last/files/f")
    #expect(ready.output == "COMPLETED\nalpha\nbeta\ngamma\n", "\(ready.errors)")
    let saved = try await bed.sh("cd 1/files && { \(save.script)\n}", timeout: 60)
    #expect(saved.status == 0, "\(saved.output) \(saved.errors)")
    // A file that was only emptied goes up once it is closed, a moment after that.
    let expected = bed.directory + "/expected"
    try save.result.write(toFile: expected, atomically: true, encoding: .utf8)
    let seen = try await bed.sh(
      """
      cmp $DIR/expected 1/files/f
      until cmp -s $DIR/expected $DIR/\(work)/f; do sleep 0.01; done
      ls -A 1/files; ls -A $DIR/\(work); cat .beray/errors
      """, timeout: 10)
    #expect(seen.output == "f\nf\n", "\(seen.errors)")
  }
}
