/// Facts that hold of every POSIX file system, each a script that is run in an empty directory and exits 0 if it holds.
///
/// The list does not know what it is run on: a plain directory proves the facts, a mount has to keep them.
public struct PosixFact: Sendable, CustomStringConvertible {
  enum Language: Sendable { case sh, python }

  public let name: String
  let language: Language
  let script: String

  public var description: String { name }

  /// The command that exits with 0 if the fact holds of its working directory.
  public var arguments: [String] {
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

  public static let all: [PosixFact] = names + contents + attributes + directories
}

extension PosixFact {
  static let names: [PosixFact] = [
    python("O_EXCL refuses an existing name", "make('f'); fails(errno.EEXIST, os.open, 'f', os.O_CREAT | os.O_EXCL)"),
    python("mkdir refuses an existing name", "make('f'); fails(errno.EEXIST, os.mkdir, 'f')"),
    python("what is missing is ENOENT", "fails(errno.ENOENT, os.stat, 'x'); fails(errno.ENOENT, os.unlink, 'x')"),
    python(
      "a file is no directory", "make('f'); fails(errno.ENOTDIR, os.stat, 'f/x'); fails(errno.ENOTDIR, os.rmdir, 'f')"),
    python("255 bytes are a name and 256 are not", "make('n' * 255); fails(errno.ENAMETOOLONG, os.mkdir, 'n' * 256)"),
    python(
      "composed and decomposed names differ", "make('\\u00e9'); make('e\\u0301'); assert len(os.listdir('.')) == 2"),
    python(
      "rename replaces a file",
      "make('a', b'A'); make('b', b'B'); os.rename('a', 'b'); assert content('b') == b'A'; fails(errno.ENOENT, os.stat, 'a')"
    ),
    python(
      "rename keeps the inode and open handles",
      "make('a', b'A'); i = os.stat('a').st_ino; f = open('a', 'rb'); os.rename('a', 'b'); assert os.stat('b').st_ino == i; assert f.read() == b'A'"
    ),
    python(
      "rename of a directory onto one that is not empty fails",
      "os.mkdir('a'); os.mkdir('b'); make('b/f'); fails(errno.ENOTEMPTY, os.rename, 'a', 'b')"),
    python(
      "rename moves between directories",
      "os.mkdir('a'); os.mkdir('b'); make('a/f', b'x'); os.rename('a/f', 'b/g'); assert os.listdir('a') == [] and content('b/g') == b'x'"
    ),
    python("unlink of a directory fails", "os.mkdir('d'); fails(errno.EISDIR, os.unlink, 'd')"),
    python("rmdir of a full directory fails", "os.mkdir('d'); make('d/f'); fails(errno.ENOTEMPTY, os.rmdir, 'd')"),
  ]

  static let contents: [PosixFact] = [
    python(
      "an unlinked file lives while it is open",
      "f = open('f', 'w+b'); f.write(b'x'); f.flush(); os.unlink('f'); f.write(b'y'); f.seek(0); assert f.read() == b'xy'"
    ),
    python(
      "a write behind the end leaves zeros",
      "f = os.open('f', os.O_CREAT | os.O_RDWR); os.pwrite(f, b'x', 10000); assert content('f') == bytes(10000) + b'x'"),
    python(
      "O_APPEND writes at the end, whoever wrote before",
      "a = os.open('f', os.O_CREAT | os.O_WRONLY | os.O_APPEND); b = os.open('f', os.O_WRONLY | os.O_APPEND); os.write(a, b'1'); os.write(b, b'2'); os.write(a, b'3'); assert content('f') == b'123'"
    ),
    python(
      "O_TRUNC empties, and others see it",
      "make('f', b'abc'); r = os.open('f', os.O_RDONLY); os.close(os.open('f', os.O_WRONLY | os.O_TRUNC)); assert os.fstat(r).st_size == 0 and os.read(r, 9) == b''"
    ),
    python(
      "truncate shrinks and grows with zeros",
      "make('f', b'abcdef'); os.truncate('f', 3); assert content('f') == b'abc'; os.truncate('f', 5); assert content('f') == b'abc\\0\\0'"
    ),
    python(
      "what one handle wrote another reads at once",
      "w = os.open('f', os.O_CREAT | os.O_WRONLY); r = os.open('f', os.O_RDONLY)\nfor i in range(100):\n    os.write(w, b'%04d' % i); assert os.read(r, 4) == b'%04d' % i"
    ),
    python(
      "a handle for writing cannot read",
      "f = os.open('f', os.O_CREAT | os.O_WRONLY); fails(errno.EBADF, os.read, f, 1)"),
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

  static let attributes: [PosixFact] = [
    python("chmod is seen", "make('f'); os.chmod('f', 0o640); assert stat.S_IMODE(os.stat('f').st_mode) == 0o640"),
    python(
      "utimens sets the time of modification to the nanosecond",
      "make('f'); os.utime('f', ns=(1_000_000_001, 2_000_000_003)); assert os.stat('f').st_mtime_ns == 2_000_000_003"),
    python(
      "access tells who may execute",
      "make('f'); os.chmod('f', 0o644); assert not os.access('f', os.X_OK) and os.access('f', os.R_OK | os.W_OK); os.chmod('f', 0o755); assert os.access('f', os.X_OK); os.mkdir('d'); os.chdir('d')"
    ),
    python(
      "utimens sets the time of access",
      "make('f'); os.utime('f', ns=(1_000_000_001, 2_000_000_003)); s = os.stat('f'); assert (s.st_atime_ns, s.st_mtime_ns) == (1_000_000_001, 2_000_000_003)"
    ),
    python(
      "a write moves the time of change",
      "make('f'); os.utime('f', (0, 0)); make('f', b'x'); assert os.stat('f').st_mtime > 0"),
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

  static let directories: [PosixFact] = [
    python(
      "a listing shows what is there",
      "make('a'); os.mkdir('b'); os.symlink('a', 'c'); assert sorted(os.listdir('.')) == ['a', 'b', 'c']"),
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
    python(
      "a change moves the directory's time",
      "os.mkdir('d'); os.utime('d', (0, 0)); make('d/f'); assert os.stat('d').st_mtime > 0"),
    sh(
      "a tree is copied, compared and removed",
      "mkdir -p a/b/c; echo 1 > a/b/f; cp -r a z; diff -r a z; tar cf t.tar a; tar df t.tar; rm -r a z t.tar; test -z \"$(ls -A)\""
    ),
    sh("the working directory has a name", "mkdir -p a/b; cd a/b; test \"$(basename \"$(/bin/pwd)\")\" = b"),
  ]
}
