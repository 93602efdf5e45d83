"""A directory in which operations are done and looked at, the same way whatever file system it is on."""

import ctypes
import errno
import fcntl
import mmap
import os
import stat
import threading

from operations import content

FLAGS = {
    "r": os.O_RDONLY, "w": os.O_WRONLY, "rw": os.O_RDWR, "rwc": os.O_RDWR | os.O_CREAT,
    "wct": os.O_WRONLY | os.O_CREAT | os.O_TRUNC, "wcx": os.O_WRONLY | os.O_CREAT | os.O_EXCL,
    "rwca": os.O_RDWR | os.O_CREAT | os.O_APPEND, "wa": os.O_WRONLY | os.O_APPEND,
    "wt": os.O_WRONLY | os.O_TRUNC, "rwt": os.O_RDWR | os.O_TRUNC,
}
RENAME_NOREPLACE = 1
SET_BEFORE = 946_684_800 * 1_000_000_000
libc = ctypes.CDLL(None, use_errno=True)


class World:
    def __init__(self, root):
        self.root = root
        self.handles = {}

    def path(self, path):
        return os.path.join(self.root, path)

    def do(self, operation):
        """Does it and gives what a program sees of it: the name of its errno, or its result."""
        try:
            return getattr(self, operation[0])(*operation[1:])
        except OSError as error:
            return errno.errorcode.get(error.errno, str(error.errno))

    # Handles

    def handle(self, slot):
        if slot not in self.handles:
            raise OSError(errno.EBADF, "no such handle")
        return self.handles[slot]

    def open(self, slot, path, flags, mode):
        closed = self.close(slot) if slot in self.handles else None
        self.handles[slot] = os.open(self.path(path), FLAGS[flags], mode)
        return closed

    def close(self, slot):
        os.close(self.handles.pop(slot) if slot in self.handles else -1)

    def close_all(self):
        for slot in sorted(self.handles):
            self.close(slot)

    def is_open(self, path):
        """Whether a handle here has the file of that name, however it was called when it was opened."""
        return any(self.name(slot) == path for slot in self.handles)

    def name(self, slot):
        """The path that the file of a handle has now, as the kernel tells; None: none beneath the root."""
        name = os.readlink(f"/proc/self/fd/{self.handles[slot]}") if slot in self.handles else ""
        is_gone = name.endswith(" (deleted)") or not name.startswith(self.root + "/")
        return None if is_gone else name.removeprefix(self.root + "/")

    def whole(self, slot):
        """All that the file of a handle holds; None where the handle is not for reading."""
        handle = self.handle(slot)
        if fcntl.fcntl(handle, fcntl.F_GETFL) & os.O_ACCMODE == os.O_WRONLY:
            return None
        return os.pread(handle, os.fstat(handle).st_size, 0)

    def pwrite(self, slot, offset, count, seed):
        return os.pwrite(self.handle(slot), content(seed, count), offset)

    def write(self, slot, count, seed):
        return os.write(self.handle(slot), content(seed, count))

    def pread(self, slot, offset, count):
        return os.pread(self.handle(slot), count, offset)

    def ftruncate(self, slot, size):
        os.ftruncate(self.handle(slot), size)

    def fsync(self, slot):
        os.fsync(self.handle(slot))

    def fsync_all(self):
        return [self.do(["fsync", slot]) for slot in sorted(self.handles)]

    def fstat(self, slot):
        return look(os.fstat(self.handle(slot)))

    def fchmod(self, slot, mode):
        os.fchmod(self.handle(slot), mode)

    def futime(self, slot, time):
        os.utime(self.handle(slot), ns=(time, time))

    def dup(self, slot):
        os.close(os.dup(self.handle(slot)))

    def child(self, slot, count, seed):
        """A child writes to the handle that it inherited, and ends."""
        handle = self.handle(slot)
        child = os.fork()
        if child == 0:
            try:
                os.write(handle, content(seed, count))
                os._exit(0)
            except OSError as error:
                os._exit(error.errno)
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

    def mmap(self, slot, where, count, seed):
        handle = self.handle(slot)
        status = os.fstat(handle)
        size = status.st_size
        if size == 0 or not stat.S_ISREG(status.st_mode):
            return None
        try:
            view = mmap.mmap(handle, size, mmap.MAP_SHARED, mmap.PROT_READ | mmap.PROT_WRITE)
        except PermissionError:
            return "EACCES"
        with view:
            offset = int(where * size)
            count = min(count, size - offset)
            before = view[offset:offset + count]
            view[offset:offset + count] = content(seed, count)
            view.flush()
        return before

    def closing(self, slot, operation):
        """Closes the handle while something else is done. What comes of it is the same, whichever is first."""
        closed = []
        thread = threading.Thread(target=lambda: closed.append(self.do(["close", slot])))
        thread.start()
        result = self.do(operation)
        thread.join()
        return closed[0], result

    def closing_rename(self, slot, path, other):
        return self.closing(slot, ["rename", path, other])

    def closing_unlink(self, slot, path):
        return self.closing(slot, ["unlink", path])

    def closing_chmod(self, slot, path, mode):
        return self.closing(slot, ["chmod", path, mode])

    # Names

    def put(self, path, count, seed):
        with open(self.path(path), "wb", 0) as file:
            return file.write(content(seed, count))

    def append(self, path, count, seed):
        with open(self.path(path), "ab", 0) as file:
            return file.write(content(seed, count))

    def get(self, path):
        with open(self.path(path), "rb", 0) as file:
            return file.read()

    def truncate(self, path, size):
        os.truncate(self.path(path), size)

    def rename(self, path, other):
        os.rename(self.path(path), self.path(other))

    def rename_noreplace(self, path, other):
        names = (self.path(name).encode() for name in (path, other))
        at = -100
        if libc.renameat2(at, next(names), at, next(names), RENAME_NOREPLACE) != 0:
            raise OSError(ctypes.get_errno(), "renameat2")

    def unlink(self, path):
        os.unlink(self.path(path))

    def mkdir(self, path, mode=0o755):
        os.mkdir(self.path(path), mode)

    def rmdir(self, path):
        os.rmdir(self.path(path))

    def chmod(self, path, mode):
        # Only root gets into a directory that nobody may enter.
        if os.geteuid() != 0 and os.path.isdir(self.path(path)):
            mode |= 0o700
        os.chmod(self.path(path), mode)

    def utime(self, path, time):
        os.utime(self.path(path), ns=(time, time))

    def stat(self, path):
        return look(os.stat(self.path(path)))

    def list(self, path):
        with os.scandir(self.path(path)) as entries:
            return sorted((entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries)

    # The whole

    def tree(self, has_contents=lambda _: False):
        """Every path beneath the root, with what stat tells of it and, of those that are asked for, the bytes."""
        found = {}

        def visit(directory, prefix):
            with os.scandir(directory) as entries:
                for entry in entries:
                    name = prefix + entry.name
                    status = entry.stat(follow_symlinks=False)
                    found[name] = look(status)
                    if stat.S_ISDIR(status.st_mode):
                        visit(entry.path, name + "/")
                    elif has_contents(name):
                        found[name] += (self.get(name),)

        visit(self.root, "")
        return found

    def names(self):
        return {name for name, status in self.tree().items() if status[0] == "file"}

    def drop_pages_of(self, slot):
        forget_pages(self.handle(slot))

    def drop_pages(self):
        """Has the kernel forget what it can of the files' bytes."""
        for handle in self.handles.values():
            forget_pages(handle)
        for name in self.names():
            with open(self.path(name), "rb", 0) as file:
                forget_pages(file.fileno())


def look(status):
    """Kind and mode; of files also size, number of links, and the time of modification where a program set it.

    The times of directories are not compared: an upload replaces a file by a rename, which moves them.
    """
    if stat.S_ISDIR(status.st_mode):
        return ("directory", stat.S_IMODE(status.st_mode))
    time = status.st_mtime_ns if status.st_mtime_ns < SET_BEFORE else "written"
    return ("file", status.st_size, stat.S_IMODE(status.st_mode), status.st_nlink, time)


def forget_pages(handle):
    if stat.S_ISREG(os.fstat(handle).st_mode):
        os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
