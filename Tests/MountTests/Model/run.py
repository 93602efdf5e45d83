"""One walk of the model: what is done on the mount, on a plain directory and on the server, and what is compared."""

import json
import os
import stat
import time

import saves
from operations import NAMES, paths, slot
from world import World

# How long a task that runs may show what was there before, in seconds: its window, and as much again.
SEEN_WITHIN = 2
# What only programs that save do not call a file.
ORDINARY = {component for name in NAMES for component in name.split("/")}


class Difference(Exception):
    pass


class Run:
    """A task, a plain directory, and the server's own directory of the task."""

    def __init__(self, settings, plain):
        self.mountpoint = settings.mountpoint
        self.sent_within = settings.sent_within
        self.is_running = settings.running
        self.is_full = settings.kind == "full"
        goal = f"{'sleep 86400' if settings.running else 'true'} # {os.getpid()} {time.monotonic_ns()}"
        os.mkdir(os.path.join(self.mountpoint, goal))
        with open(os.path.join(self.mountpoint, goal, "id")) as file:
            self.id = file.read().strip()
        self.task = os.path.join(self.mountpoint, self.id)
        if not settings.running:
            with open(os.path.join(self.task, "wait")) as file:
                file.read()
        self.mount = World(os.path.join(self.task, "files"))
        self.plain = World(os.path.realpath(plain))
        self.server = World(os.path.normpath((settings.server + "/").replace("/ID/", f"/{self.id}/")))
        os.makedirs(self.server.root, exist_ok=True)
        # What the mount renamed or removed and a server with the bare API has still: the server's file of each name.
        # The mount hides these names; what is made there again waits for a while before it goes up.
        self.left_behind = {}
        self.origins = Origins(self.plain)

    def end(self):
        self.mount.close_all()
        self.plain.close_all()
        self.control("delete")

    def control(self, verb):
        with open(os.path.join(self.task, "ctl"), "w") as file:
            file.write(verb + "\n")

    # Operations

    def check(self, operation):
        """Does it, and compares what it gives, what it touched, and the trees."""
        names, slots = self.touched(operation)
        self.do(operation)
        self.origins.forget_gone()
        names_after, slots_after = self.touched(operation)
        self.compare(names | names_after, slots | slots_after)

    def touched(self, operation):
        """The paths that it names or that its handle has, and the slots of the handles that have them."""
        names, slots = set(paths(operation)), {slot(operation)}
        names.update(filter(None, map(self.plain.name, slots)))
        slots.update(slot for slot in self.plain.handles if self.plain.name(slot) in names)
        return names, slots

    def do(self, operation):
        name, arguments = operation[0], operation[1:]
        if name in ("refresh", "quiesce", "drop_caches", "save", "make_and_rename"):
            getattr(self, name)(*arguments)
        elif name == "server_put_unasked":
            self.on_server(["put"] + arguments, is_asked=not self.is_running)
        elif name.startswith("server_"):
            self.on_server([name.removeprefix("server_")] + arguments)
        elif self.is_in_the_way(operation):
            self.settle()
            expected = self.refusal(operation)
            self.expect(expected, self.mount.do(operation))
        elif not self.is_full and name in ("rename", "rename_noreplace", "unlink", "rmdir"):
            self.change_name_on_bare_server(operation)
        else:
            self.on_both(operation)

    def on_both(self, operation):
        self.origins.are_written_by(operation)
        self.expect(self.plain.do(operation), self.mount.do(operation))

    def expect(self, expected, got):
        if got != expected:
            raise Difference(f"the mount gives {brief(got)}, a plain directory {brief(expected)}")

    def refresh(self):
        self.control("refresh")
        self.origins.are_asked_for_anew()

    def drop_caches(self):
        """The kernel forgets what it can, of all file systems; where that is not allowed, the bytes of these files."""
        try:
            with open("/proc/sys/vm/drop_caches", "w") as file:
                file.write("3")
        except OSError:
            self.mount.drop_pages()

    def save(self, style, path, other, temporary, count, seed, is_cold):
        """What a program does that saves, each step as it is on a plain directory. No name that is made on the way is
        left on the server, and none ever comes to one that could not remove it; one that can has them meanwhile."""
        is_taken = style in saves.OF_FREE_NAMES and os.path.lexists(self.plain.path(path))
        if is_taken or any(os.path.isdir(self.plain.path(name)) for name in (path, other)):
            return
        if is_cold:
            self.refresh()
        for step in saves.steps(style, path, other, temporary, count, seed):
            try:
                self.on_both(step)
                self.compare(set(), set())
                if not self.is_full:
                    self.look_for_litter()
            except Difference as error:
                raise Difference(f"in its step {json.dumps(step)}: {error}") from None
        self.look_for_litter()

    def make_and_rename(self, path, other, count, seed):
        """A save by a temporary name that no list of names has: it is on the server before it is renamed."""
        if os.path.lexists(self.plain.path(path)) or not os.path.isdir(os.path.dirname(self.plain.path(path))):
            return
        self.on_both(["put", path, count, seed])
        self.do(["rename", path, other])

    def look_for_litter(self):
        litter = sorted(filter(is_temporary, self.server.names()))
        if litter:
            raise Difference(f"the server has {litter}")

    # A server that can neither rename nor remove

    def change_name_on_bare_server(self, operation):
        """What only this mount has goes as on a plain directory; what others gave the server stays as it is. A file
        that was made here can be renamed, and leaves its old name behind on the server."""
        self.settle()
        name, path, other = (operation + [None])[:3]
        verdict = self.verdict(name, path, other)
        was_file = os.path.isfile(self.plain.path(path))
        refusal = self.refusal(operation)
        got = self.mount.do(operation)
        if verdict == "refused" or (verdict == "either" and got == "EPERM"):
            return self.expect(refusal, got)
        expected = self.plain.do(operation)
        self.expect(expected, got)
        if expected is not None or not was_file or path == other:
            return
        self.left_behind.pop(other, None)
        if os.path.isfile(self.server.path(path)):
            self.left_behind[path] = Kept(self.server, path)

    def refusal(self, operation):
        """The errno of what this server cannot do; the kernel itself refuses to move anything into itself."""
        name, path, other = (operation + [None])[:3]
        if not name.startswith("rename") or not other.startswith(path + "/"):
            return "EPERM"
        return "ENOTDIR" if os.path.isfile(self.plain.path(path)) else "EINVAL"

    def verdict(self, name, path, other):
        """Whether the mount refuses what a plain directory may do: "refused", "done" as there, or "either" of both."""
        source, on_server = self.plain.path(path), self.server.path(path)
        if name == "rmdir":
            return "refused" if is_empty_directory(source) and os.path.isdir(on_server) else "done"
        is_possible = os.path.isfile(source) if name == "unlink" else can_be_renamed(
            source, self.plain.path(other), replaces=name == "rename")
        if not is_possible or not os.path.lexists(on_server):
            return "done"
        if os.path.isdir(source):
            return "refused" if os.path.isdir(on_server) else "done"
        # It was made where a name was left behind. It can be removed until it goes up, which may be just now.
        if path in self.left_behind:
            return "either" if name == "unlink" else "done"
        return "refused" if name == "unlink" else self.origins.verdict(path)

    def is_in_the_way(self, operation):
        """Whether a directory would get a name that was left behind: the server, which has a file there for good,
        could take nothing that is made in it."""
        name, names = operation[0], paths(operation)
        if name not in ("mkdir", "rename", "rename_noreplace"):
            return False
        is_directory = name == "mkdir" or os.path.isdir(self.plain.path(names[0]))
        return is_directory and names[-1] in self.left_behind and not os.path.lexists(self.plain.path(names[-1]))

    def make_way(self, names):
        """Others remove on the server what was left behind there: then the mount has nothing to hide any more. What
        they put in its place shows only after that: a listing of names alone tells no versions."""
        hidden = [name for name in names if name in self.left_behind]
        for name in hidden:
            self.expect(None, self.server.do(["unlink", name]))
            del self.left_behind[name]
        if hidden:
            self.refresh()
            self.compare(set(), set())

    # What others do on the server

    def on_server(self, operation, is_asked=True):
        """Changes the server's files, and the plain directory alike. All was sent before; what is open stays open."""
        changed = paths(operation)
        self.settle()
        if not self.can_be_done_by_server(operation):
            return
        self.make_way({path for name in changed for path in with_parents(name)})
        self.origins.are_written_by_others(changed[-1])
        expected = self.plain.do(operation)
        got = self.server.do(operation)
        if got != expected:
            raise Difference(f"the server's own directory gives {brief(got)}, a plain directory {brief(expected)}")
        self.origins.are_of_others(changed[-1])
        if is_asked:
            self.refresh()
            self.read_anew(changed)
            self.take_attributes(changed)
        else:
            self.wait_until_seen(changed)

    def can_be_done_by_server(self, operation):
        name, changed = operation[0], paths(operation)
        # A handle of a file that is gone on the server cannot give what that held: ESTALE, unless it is in memory.
        if name in ("unlink", "rename") and any(self.plain.is_open(path) for path in changed):
            return False
        # Which file is which inode after another rename behind the mount's back, nobody can tell.
        if name == "rename" and not (
                os.path.isfile(self.plain.path(changed[0])) and not os.path.lexists(self.plain.path(changed[1]))):
            return False
        # What only the mount has, the server's side cannot use: the directories that the bare API cannot make.
        around = {path for name in changed for path in with_parents(name)}
        # What waits on the mount before it goes up would come after what others do.
        if any(path in self.left_behind and os.path.lexists(self.plain.path(path)) for path in around):
            return False
        return all(os.path.isdir(self.plain.path(path)) == os.path.isdir(self.server.path(path)) for path in around)

    def wait_until_seen(self, changed):
        """Nobody asks: what is open shows it by itself, and what is not, once it is looked at."""
        slots = {slot for slot in self.plain.handles if self.plain.name(slot) in changed}
        until = time.monotonic() + SEEN_WITHIN
        while True:
            try:
                self.compare_handles(slots)
                self.take_attributes(changed)
                return self.compare(set(changed), slots)
            except Difference as error:
                if time.monotonic() > until:
                    raise Difference(f"after {SEEN_WITHIN} s: {error}") from None
            time.sleep(0.02)

    def take_attributes(self, changed):
        """A server with the bare API tells no modes and times: those of what was made there are the mount's own."""
        for path in [] if self.is_full else changed:
            while path and os.path.exists(self.plain.path(path)) and os.path.exists(self.mount.path(path)):
                status = os.stat(self.mount.path(path))
                os.chmod(self.plain.path(path), stat.S_IMODE(status.st_mode))
                os.utime(self.plain.path(path), ns=(status.st_atime_ns, status.st_mtime_ns))
                path = os.path.dirname(path)

    def read_anew(self, changed):
        """Each handle of what others changed reads it from the start, past the pages that another handle has brought.
        The mount learns of no read that the kernel answers: where the first that it saw was in the middle of the former
        content, it tells the handle once that this is gone (ESTALE)."""
        for slot in sorted(self.plain.handles):
            if self.plain.name(slot) in changed:
                self.mount.drop_pages_of(slot)
                if self.mount.do(["whole", slot]) == "ESTALE":
                    self.mount.drop_pages_of(slot)
                self.compare_handles({slot})

    # What has to be sent

    def quiesce(self):
        """Closes everything; then the server has it."""
        for slot in sorted(self.plain.handles):
            self.on_both(["close", slot])
        self.settle()

    def settle(self):
        """Sends everything, whatever is open, and waits until the server holds what the plain directory holds, and what
        was left behind there. What was made in the place of that may wait for longer."""
        self.on_both(["fsync_all"])
        deadline = time.monotonic() + self.sent_within
        while self.pending():
            if time.monotonic() > deadline:
                raise Difference(f"still not uploaded: {self.pending()}")
        while True:
            for name in list(filter(self.went_up, self.left_behind)):
                del self.left_behind[name]
            got, expected = (files(world.tree(lambda _: True)) for world in (self.server, self.plain))
            # Otherwise it went up while the server was looked at.
            if not any(map(self.went_up, self.left_behind)):
                break
        expected |= {name: kept.file for name, kept in self.left_behind.items()}
        compare("the server's own directory", got, expected)
        # Modes and times of a new file go up right after its bytes.
        while self.is_full and self.server.tree() != self.plain.tree():
            if time.monotonic() > deadline:
                compare("the server's own directory", self.server.tree(), self.plain.tree())

    def waiting(self):
        """The names that were left behind and made again, and did not go up yet."""
        return [name for name in self.left_behind if os.path.isfile(self.plain.path(name)) and not self.went_up(name)]

    def went_up(self, name):
        """Whether what was made in the place of a name that was left behind is on the server."""
        return os.path.isfile(self.plain.path(name)) and not self.left_behind[name].is_there()

    def release(self):
        """Waits until nothing waits any more."""
        deadline = time.monotonic() + self.sent_within
        while self.waiting():
            if time.monotonic() > deadline:
                raise Difference(f"still held back: {self.waiting()}")
            time.sleep(0.1)
        self.settle()

    def pending(self):
        with open(os.path.join(self.mountpoint, ".beray/status.json")) as file:
            return [upload for upload in json.load(file)["pending_uploads"] if f"{self.id}-" in upload["path"]
                    or f"{self.id}/" in upload["path"]]

    # Comparison

    def compare(self, names, slots):
        """Everything but the contents, and these of what is at and beneath `names`, and of the handles in `slots`."""
        self.compare_handles(slots)

        def is_touched(path):
            return any((path + "/").startswith(name + "/") for name in names)

        compare("the mount", self.mount.tree(is_touched), self.plain.tree(is_touched))

    def compare_everything(self):
        """Also what the file system holds behind the pages that the kernel has of it."""
        self.compare(self.plain.names(), set(self.plain.handles))
        self.mount.drop_pages()
        self.compare(self.plain.names(), set(self.plain.handles))

    def compare_handles(self, slots):
        for slot in sorted(self.plain.handles):
            for operation in [["fstat", slot], ["whole", slot]] if slot in slots else [["fstat", slot]]:
                expected, got = self.plain.do(operation), self.mount.do(operation)
                if got != expected:
                    name = self.plain.name(slot) or "what has no name any more"
                    raise Difference(f"the handle {slot} of {name} differs: {brief(got)}, expected {brief(expected)}")


class Origins:
    """Whose the bytes are that a server with the bare API has of a file: only what was made here can be renamed there.

    A listing of names alone does not tell whether they are still the same. So after a refresh the mount may take for
    made by others what it made itself, and the other way round what others wrote since under a name that it had made.

    Files are known by their inodes in the plain directory, which stay the same when they are renamed."""

    def __init__(self, plain):
        self.plain = plain
        # Those that others made and nobody wrote here, and those of which both may be true.
        self.of_others, self.doubtful = set(), set()

    def inode(self, path):
        try:
            return os.stat(self.plain.path(path)).st_ino
        except OSError:
            return None

    def verdict(self, path):
        inode = self.inode(path)
        if inode in self.doubtful:
            return "either"
        return "refused" if inode in self.of_others else "done"

    def are_asked_for_anew(self):
        self.doubtful |= self.alive() - self.of_others

    def are_written_by_others(self, path):
        """Before others do it."""
        if (inode := self.inode(path)) not in self.of_others:
            self.doubtful.add(inode)

    def are_of_others(self, path):
        """After others did it."""
        if (inode := self.inode(path)) not in self.doubtful:
            self.of_others.add(inode)

    def are_written_by(self, operation):
        """Before this mount does it: perhaps all that is in the file is its own then."""
        name = operation[0]
        if name in ("put", "truncate"):
            inode = self.inode(operation[1])
        elif name == "open" and "t" in operation[3]:
            inode = self.inode(operation[2])
        elif name in ("pwrite", "write", "ftruncate", "child", "mmap") and operation[1] in self.plain.handles:
            inode = os.fstat(self.plain.handles[operation[1]]).st_ino
        else:
            return
        if inode in self.of_others:
            self.of_others.remove(inode)
            self.doubtful.add(inode)

    def forget_gone(self):
        """Another file may get the same inode."""
        if self.of_others or self.doubtful:
            alive = self.alive()
            self.of_others &= alive
            self.doubtful &= alive

    def alive(self):
        return {self.inode(name) for name in self.plain.names()}


class Kept:
    """A file that a server has still under a name which the mount hides."""

    def __init__(self, server, path):
        self.path = server.path(path)
        self.identity = self.look()
        content = server.get(path)
        # As `files` gives it.
        self.file = ("file", len(content), content)

    def look(self):
        status = os.stat(self.path)
        return status.st_ino, status.st_mtime_ns

    def is_there(self):
        """Whether nobody wrote to that name since."""
        return self.look() == self.identity


def is_temporary(path):
    return os.path.basename(path) not in ORDINARY


def with_parents(path):
    """The path, and each directory on the way to it."""
    parts = path.split("/")
    return ["/".join(parts[:count]) for count in range(1, len(parts) + 1)]


def is_empty_directory(path):
    return os.path.isdir(path) and not os.listdir(path)


def can_be_renamed(source, target, replaces):
    """Whether rename(2) does it on a plain directory: all else the kernel refuses before a file system is asked."""
    if source == target or target.startswith(source + "/") or not os.path.isdir(os.path.dirname(target)):
        return False
    if not os.path.lexists(target):
        return True
    return replaces and (is_empty_directory(target) if os.path.isdir(source) else os.path.isfile(target))


def files(tree):
    """The files and their bytes, which is what the bare API keeps."""
    return {path: (status[0], status[1], status[-1]) for path, status in tree.items() if status[0] == "file"}


def compare(what, got, expected):
    if got == expected:
        return
    lines = []
    for path in sorted(got.keys() | expected.keys()):
        if got.get(path) != expected.get(path):
            lines.append(f"  {path}: {brief(got.get(path))}, expected {brief(expected.get(path))}")
            lines += first_difference(got.get(path), expected.get(path))
    raise Difference(f"{what} differs:\n" + "\n".join(lines))


def first_difference(got, expected):
    if got is None or expected is None or not isinstance(got[-1], bytes) or not isinstance(expected[-1], bytes):
        return []
    for index, pair in enumerate(zip(got[-1], expected[-1])):
        if pair[0] != pair[1]:
            return [f"    first at byte {index}: {got[-1][index:index + 8].hex()}, expected "
                    f"{expected[-1][index:index + 8].hex()}"]
    return []


def brief(value):
    if isinstance(value, bytes):
        return f"{len(value)} bytes" + (f" {value[:8].hex()}…" if value else "")
    if isinstance(value, tuple):
        return "(" + " ".join(brief(part) for part in value) + ")"
    return str(value)
