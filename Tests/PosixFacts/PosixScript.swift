/// Facts that need a kernel, or several programs: each a script that is run in an empty directory and exits 0 if it holds.
///
/// As with ``PosixFact``, a plain directory proves them.
struct PosixScript: Sendable {
  enum Language: Sendable { case sh, python }

  let name: String
  let language: Language
  let script: String

  /// The command that exits with 0 if the fact holds of its working directory.
  var arguments: [String] {
    switch language {
    case .sh: ["/bin/sh", "-ec", script]
    case .python: ["/usr/bin/env", "python3", "-c", Self.prelude + script]
    }
  }

  private static let prelude = """
    import errno, fcntl, os, stat
    def fails(code, call, *args, **kw):
        try: call(*args, **kw)
        except OSError as e: assert e.errno == code, errno.errorcode[e.errno]
        else: assert False, 'no error'
    def make(name, data=b''):
        with open(name, 'wb') as f: f.write(data)
    def content(name):
        with open(name, 'rb') as f: return f.read()

    """

  static func sh(_ name: String, _ script: String) -> Self { Self(name: name, language: .sh, script: script) }
  static func python(_ name: String, _ script: String) -> Self { Self(name: name, language: .python, script: script) }

  static let all: [PosixScript] = contents + attributes + directories
}

extension PosixScript {
  static let contents: [PosixScript] = [
    python(
      "a shared mapping and read agree",
      "import mmap\nmake('f', b'abc'); f = open('f', 'r+b'); m = mmap.mmap(f.fileno(), 0); m[1:2] = b'X'; m.flush(); assert content('f') == b'aXc'"
    ),
    python(
      "fsync succeeds", "f = os.open('f', os.O_CREAT | os.O_WRONLY); os.write(f, b'x'); os.fsync(f); os.fdatasync(f)"),
    python(
      "flock excludes",
      "a = open('f', 'w'); b = open('f', 'w'); fcntl.flock(a, fcntl.LOCK_EX); fails(errno.EAGAIN, fcntl.flock, b, fcntl.LOCK_EX | fcntl.LOCK_NB)"
    ),
  ]

  static let attributes: [PosixScript] = [
    python(
      "access tells who may execute",
      "make('f'); os.chmod('f', 0o644); assert not os.access('f', os.X_OK) and os.access('f', os.R_OK | os.W_OK); os.chmod('f', 0o755); assert os.access('f', os.X_OK); os.mkdir('d'); os.chdir('d')"
    ),
    python(
      "size and blocks are those of the content",
      "make('f', b'x' * 5000); s = os.stat('f'); assert s.st_size == 5000 and s.st_blocks * 512 >= 5000"),
    python(
      "umask is kept", "os.umask(0o027); os.mkdir('d', 0o777); assert stat.S_IMODE(os.stat('d').st_mode) == 0o750"),
    python(
      "hard links share an inode",
      "make('f'); os.link('f', 'g'); a, b = os.stat('f'), os.stat('g'); assert a.st_ino == b.st_ino and a.st_nlink == 2"
    ),
    python(
      "a symbolic link is not followed by lstat",
      "os.symlink('nowhere', 'l'); assert os.readlink('l') == 'nowhere' and stat.S_ISLNK(os.lstat('l').st_mode); fails(errno.ENOENT, os.stat, 'l')"
    ),
  ]

  static let directories: [PosixScript] = [
    python(
      "a listing tells kinds",
      "make('a'); os.mkdir('b'); assert {e.name: e.is_dir(follow_symlinks=False) for e in os.scandir('.')} == {'a': False, 'b': True}"
    ),
    python(
      "removing while listing misses nothing",
      "for i in range(500): make(str(i))\nfor e in os.scandir('.'): os.unlink(e.name)\nassert os.listdir('.') == []"),
    python(
      "a listing that is read later tells what was written meanwhile",
      "make('a', b'abc'); it = os.scandir('.'); make('a', b'x' * 20); list(it); assert os.stat('a').st_size == 20 and content('a') == b'x' * 20"
    ),
    python(
      "a listing that is read later brings back no name",
      "for i in range(300): make(str(i))\nit = os.scandir('.'); next(it)\nfor i in range(300): os.unlink(str(i))\nlist(it)\nfor i in range(300): fails(errno.ENOENT, os.stat, str(i))"
    ),
    python(
      "a listing that is read later hides no name",
      "make('a'); it = os.scandir('.'); make('b'); list(it); assert sorted(os.listdir('.')) == ['a', 'b'] and os.stat('b').st_size == 0"
    ),
    sh(
      "a tree is copied, compared and removed",
      "mkdir -p a/b/c; echo 1 > a/b/f; cp -r a z; diff -r a z; tar cf t.tar a; tar df t.tar; rm -r a z t.tar; test -z \"$(ls -A)\""
    ),
    sh("the working directory has a name", "mkdir -p a/b; cd a/b; test \"$(basename \"$(/bin/pwd)\")\" = b"),
  ]
}
