"""Random operations, as data: a list of them says everything that is needed to do them again, or a part of them."""

import random

from saves import STYLES, TEMPORARIES

NAMES = ["a", "b", "c.txt", "d0", "d1", "d0/a", "d0/b", "d0/e", "d0/e/a", "d1/a", "d1/\u00e9\u5199", "d1/e", "d1/e/a"]
DIRECTORIES = ["d0", "d1", "d0/e", "d1/e", "a"]
SLOTS = 6
OPENS = ["r", "r", "r", "r", "w", "rw", "rw", "rwc", "rwc", "wct", "wcx", "rwca", "wa", "wt", "rwt"]
FILE_MODES = [0o644, 0o600, 0o755, 0o640, 0o444]
DIRECTORY_MODES = [0o755, 0o700, 0o750]

# How often each comes, and whether it comes with a server that has the bare API.
WEIGHTS = {
    "open": (14, True), "close": (9, True), "pwrite": (14, True), "write": (5, True), "pread": (8, True),
    "ftruncate": (4, True), "fsync": (3, True), "fstat": (2, True), "mmap": (4, True), "dup": (2, True),
    "child": (1, True), "put": (6, True), "append": (4, True), "get": (5, True), "truncate": (4, True),
    "chmod": (3, True), "utime": (3, True), "stat": (2, True), "list": (2, True), "mkdir": (4, True),
    "rename": (8, True), "rename_noreplace": (2, True), "unlink": (5, True), "rmdir": (2, True),
    "closing_rename": (3, False), "closing_unlink": (2, False), "closing_chmod": (2, True),
    "fchmod": (1, True), "futime": (1, True), "save": (12, True), "make_and_rename": (6, True),
    "refresh": (4, True), "drop_caches": (2, True), "quiesce": (1, True),
    "server_put": (3, True), "server_append": (2, True), "server_unlink": (1, True), "server_rename": (1, True),
    "server_mkdir": (1, True), "server_chmod": (1, False), "server_put_unasked": (1, True),
}
# Those whose first argument is a slot, beside the closing ones.
OF_HANDLES = {
    "open", "close", "pwrite", "write", "pread", "ftruncate", "fsync", "fstat", "mmap", "dup", "child", "fchmod",
    "futime",
}


def generate(seed, count, kind):
    """Gives `count` operations, each a list of its name and its arguments."""
    chance = random.Random(f"{seed}/{kind}")
    names = [name for name, (_, is_bare) in WEIGHTS.items() if is_bare or kind == "full"]
    weights = [WEIGHTS[name][0] for name in names]
    for _ in range(count):
        name = chance.choices(names, weights)[0]
        yield [name] + arguments(name, chance)


def arguments(name, chance):
    slot, path = chance.randrange(SLOTS), chance.choice(NAMES)
    content = chance.randrange(1 << 30)
    if name == "open":
        return [slot, path, chance.choice(OPENS), chance.choice(FILE_MODES)]
    if name.startswith("closing_"):
        return [slot] + arguments(name.removeprefix("closing_"), chance)
    if name in ("close", "fsync", "fstat", "dup"):
        return [slot]
    if name == "pwrite":
        return [slot, size(chance), size(chance), content]
    if name in ("write", "child"):
        return [slot, size(chance), content]
    if name == "pread":
        return [slot, size(chance), size(chance)]
    if name == "ftruncate":
        return [slot, size(chance)]
    if name == "mmap":
        return [slot, chance.random(), size(chance) % 9000 + 1, content]
    if name in ("put", "append", "server_put", "server_append", "server_put_unasked"):
        return [path, size(chance), content]
    if name == "truncate":
        return [path, size(chance)]
    if name == "chmod":
        return [path, chance.choice(DIRECTORY_MODES if path in DIRECTORIES else FILE_MODES)]
    if name == "server_chmod":
        return [path, chance.choice([0o755, 0o700])]
    if name == "fchmod":
        return [slot, chance.choice(FILE_MODES)]
    # Times before 2000 were set; what a write leaves is later.
    if name == "utime":
        return [path, time(chance)]
    if name == "futime":
        return [slot, time(chance)]
    if name == "mkdir":
        return [chance.choice(DIRECTORIES), chance.choice(DIRECTORY_MODES)]
    if name in ("rmdir", "server_mkdir"):
        return [chance.choice(DIRECTORIES)]
    if name in ("rename", "rename_noreplace", "server_rename"):
        return [path, chance.choice(NAMES)]
    if name == "save":
        return [
            chance.choice(STYLES), path, chance.choice(NAMES), chance.choice(TEMPORARIES), size(chance), content,
            chance.random() < 0.3]
    if name == "make_and_rename":
        return [path, chance.choice(NAMES), size(chance), content]
    if name in ("refresh", "drop_caches", "quiesce"):
        return []
    return [path]


def size(chance):
    kind = chance.random()
    if kind < 0.1:
        return chance.choice([0, 1, 4095, 4096, 4097, 8192, 65536])
    if kind < 0.6:
        return chance.randrange(5000)
    if kind < 0.8:
        return chance.randrange(70_000)
    if kind < 0.995:
        return chance.randrange(400_000)
    return chance.randrange(9 << 20)


def time(chance):
    return chance.randrange(1, 900_000_000) * 1_000_000_000 + chance.randrange(1_000_000_000)


def paths(operation):
    """The paths among the arguments: nothing else there looks like one."""
    return [part for part in operation[1:] if part in NAMES]


def slot(operation):
    """The slot of the handle that it uses; None: none."""
    is_of_handle = operation[0] in OF_HANDLES or operation[0].startswith("closing_")
    return operation[1] if is_of_handle else None


def content(seed, count):
    """The bytes that a write of so many writes."""
    block = random.Random(seed).randbytes(min(count, 10_007))
    return (block * (count // max(len(block), 1) + 1))[:count]
