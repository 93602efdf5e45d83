"""How programs save a file, each way one operation of the model: a list of the plain operations that it is made of.

A name that is held back from a server with the bare API goes up 10 s after its last close, and a name that was moved
away comes back after 5 s. So every way ends with no such name left, and what comes of it is certain without waiting.
"""

import os

# The slot of the program that saves: no other operation uses it.
EDITOR = 6
# NAME stands for the file's.
TEMPORARIES = ["NAME.tmp", "NAME.part", ".NAME.Ab12Cd", "#NAME#", "sed123456", ".goutputstream-X"]


def named(pattern, path):
    directory, name = os.path.split(path)
    return os.path.join(directory, pattern.replace("NAME", name))


def steps(style, path, other, temporary, count, seed):
    return STEPS[style](path, other, named(temporary, path), count, seed)


def made(name, count, seed):
    """A new file, written and closed."""
    return [["open", EDITOR, name, "wcx", 0o600], ["write", EDITOR, count, seed], ["close", EDITOR]]


def python(path, _, temporary, count, seed):
    return [
        ["open", EDITOR, temporary, "wcx", 0o600], ["write", EDITOR, count, seed], ["fsync", EDITOR], ["close", EDITOR],
        ["rename", temporary, path]]


def rsync(path, _, temporary, count, seed):
    return made(temporary, count, seed) + [
        ["utime", temporary, 500_000_000_000_000_000 + seed], ["chmod", temporary, 0o640], ["rename", temporary, path]]


def sed(path, _, temporary, count, seed):
    return [
        ["get", path], ["open", EDITOR, temporary, "wcx", 0o600], ["fchmod", EDITOR, 0o644],
        ["write", EDITOR, count, seed], ["close", EDITOR], ["rename", temporary, path]]


def renamed_open(path, _, temporary, count, seed):
    return [
        ["open", EDITOR, temporary, "wcx", 0o644], ["write", EDITOR, count, seed], ["rename", temporary, path],
        ["write", EDITOR, count // 2, seed + 1], ["close", EDITOR]]


def chain(path, _, temporary, count, seed):
    second = named("NAME.tmp", temporary)
    return made(temporary, count, seed) + [
        ["rename", temporary, second], ["append", second, count // 2, seed + 1], ["rename", second, path]]


def vim(path, _, __, count, seed):
    swap, other_swap, probe = (named(pattern, path) for pattern in (".NAME.swp", ".NAME.swx", "4913"))
    backup = path + "~"
    return (
        made(swap, 0, seed) + made(other_swap, 0, seed) + [["unlink", other_swap], ["unlink", swap]]
        + made(swap, 4096, seed) + made(probe, 0, seed) + [["unlink", probe], ["rename", path, backup]]
        + [["open", EDITOR, path, "wcx", 0o644], ["write", EDITOR, count, seed], ["fsync", EDITOR]]
        + [["close", EDITOR], ["chmod", path, 0o644], ["unlink", backup], ["unlink", swap]])


def emacs(path, _, temporary, count, seed):
    backup = path + "~"
    return [["rename", path, backup]] + made(temporary, count, seed) + [["rename", temporary, path], ["unlink", backup]]


def copy(path, _, __, count, seed):
    """A backup that is a copy, and the file itself written in place."""
    backup = path + "~"
    return [["get", path], ["put", backup, count, seed], ["put", path, count, seed + 1], ["unlink", backup]]


def given_up(path, _, __, ___, ____):
    """Moved away and, as the new file could not be written, back again."""
    backup = path + "~"
    return [["rename", path, backup], ["rename", backup, path]]


def dropped(_, __, temporary, count, seed):
    return made(temporary, count, seed) + [["append", temporary, count, seed], ["unlink", temporary]]


def brief(path, _, __, count, seed):
    """A new file that is removed before anything of it went up."""
    return [
        ["open", EDITOR, path, "rwc", 0o644], ["write", EDITOR, count, seed], ["unlink", path],
        ["write", EDITOR, count, seed], ["pread", EDITOR, count // 2, count], ["close", EDITOR]]


def born(path, other, _, count, seed):
    """A new file that gets another name before anything of it went up."""
    return [
        ["open", EDITOR, path, "rwc", 0o644], ["write", EDITOR, count, seed], ["rename", path, other],
        ["write", EDITOR, count // 2, seed + 1], ["close", EDITOR]]


STEPS = {
    "python": python, "rsync": rsync, "sed": sed, "renamed_open": renamed_open, "chain": chain, "vim": vim,
    "emacs": emacs, "copy": copy, "given_up": given_up, "dropped": dropped, "brief": brief, "born": born,
}
STYLES = list(STEPS)
# Those that make a file under its own name, which must be free.
OF_FREE_NAMES = {"brief", "born"}
