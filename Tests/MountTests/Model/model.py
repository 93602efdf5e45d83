#!/usr/bin/env python3
"""Does random operations on files/ of a new task and on a plain directory, and compares what comes of them.

After every operation its result (the bytes or the errno) and the names, kinds, sizes, modes and times of both trees are
compared, and all contents now and then. Some operations change the server's own work directory behind the mount's back, and
are followed by `refresh`. When nothing is open for writing, the server's work directory has to hold the same as well.

Exits with 0, or with 1 after it told the first difference; with --shrink also the fewest operations that show it.
"""

import argparse
import glob
import json
import os
import shutil
import signal
import stat
import sys
import tempfile
import time

from operations import generate
from world import World

CONTENTS_EVERY = 25


class Difference(Exception):
    pass


class Hang(Exception):
    pass


def on_alarm(*_):
    raise Hang("an operation took longer than it may")


class Run:
    """A task, a plain directory, and the server's own directory of the task."""

    def __init__(self, settings, plain):
        self.settings = settings
        self.mountpoint = settings.mountpoint
        goal = f"{'sleep 86400' if settings.running else 'true'} # {os.getpid()} {time.monotonic_ns()}"
        os.mkdir(os.path.join(self.mountpoint, goal))
        with open(os.path.join(self.mountpoint, goal, "id")) as file:
            self.id = file.read().strip()
        self.task = os.path.join(self.mountpoint, self.id)
        if not settings.running:
            with open(os.path.join(self.task, "wait")) as file:
                file.read()
        self.mount = World(os.path.join(self.task, "files"))
        self.plain = World(plain)
        self.server = World(settings.server.replace("ID", self.id))
        os.makedirs(self.server.root, exist_ok=True)
        self.is_full = settings.kind == "full"

    def end(self):
        self.mount.close_all()
        self.plain.close_all()
        self.control("delete")

    def control(self, verb):
        with open(os.path.join(self.task, "ctl"), "w") as file:
            file.write(verb + "\n")

    # Operations

    def do(self, operation):
        name = operation[0]
        if name == "refresh":
            return self.control("refresh")
        if name == "quiesce":
            return self.quiesce()
        if name.startswith("server_"):
            return self.on_server([name.removeprefix("server_")] + operation[1:])
        expected = self.plain.do(operation)
        got = self.mount.do(operation)
        if got != expected:
            raise Difference(f"the mount gives {brief(got)}, a plain directory {brief(expected)}")

    def on_server(self, operation):
        """Changes the server's files, and the plain directory alike; nothing is open and all was sent before."""
        if operation[0] == "rename" and not self.is_file_to_free_name(*operation[1:]):
            return
        self.quiesce()
        expected = self.plain.do(operation)
        got = self.server.do(operation)
        if got != expected and self.is_full:
            raise Difference(f"the server's own directory gives {brief(got)}, a plain directory {brief(expected)}")
        self.control("refresh")
        if got != expected:
            # The bare API has no empty directories: what only the mount has, the server's side cannot use.
            self.undo_plain()
        if not self.is_full:
            self.take_attributes([part for part in operation[1:] if isinstance(part, str)])

    def is_file_to_free_name(self, path, other):
        # Which file is which inode after another rename behind the mount's back, nobody can tell.
        return os.path.isfile(self.plain.path(path)) and not os.path.lexists(self.plain.path(other))

    def undo_plain(self):
        """Makes the plain directory what the mount shows."""
        shutil.rmtree(self.plain.root)
        shutil.copytree(self.mount.root, self.plain.root)

    def take_attributes(self, paths):
        """A server with the bare API tells no modes and times: those of what was made there are the mount's own."""
        for path in paths:
            while path and os.path.exists(self.plain.path(path)):
                status = os.stat(self.mount.path(path))
                os.chmod(self.plain.path(path), stat.S_IMODE(status.st_mode))
                os.utime(self.plain.path(path), ns=(status.st_atime_ns, status.st_mtime_ns))
                path = os.path.dirname(path)

    def quiesce(self):
        """Closes everything and waits until the server has it; then it must hold what the plain directory holds."""
        for slot in sorted(self.plain.handles):
            self.do(["close", slot])
        deadline = time.monotonic() + 15
        while self.pending():
            if time.monotonic() > deadline:
                raise Difference(f"still not uploaded: {self.pending()}")
        expected = self.plain.tree(True)
        compare("the server's own directory", without_attributes(self.server.tree(True)), without_attributes(expected))
        # Modes and times of a new file go up right after its bytes.
        while self.is_full and self.server.tree() != self.plain.tree():
            if time.monotonic() > deadline:
                compare("the server's own directory", self.server.tree(), self.plain.tree())

    def pending(self):
        with open(os.path.join(self.mountpoint, ".beray/status.json")) as file:
            return [upload for upload in json.load(file)["pending_uploads"] if f"{self.id}-" in upload["path"]
                    or f"{self.id}/" in upload["path"]]

    def compare(self, with_contents):
        compare("the mount", self.mount.tree(with_contents), self.plain.tree(with_contents))


def without_attributes(tree):
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
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return str(value)


def attempt(settings, operations):
    """Does the operations on a new task. Gives None, or how many were done and what differs."""
    plain = tempfile.mkdtemp(prefix="beray-model-", dir=settings.plain)
    signal.alarm(settings.patience)
    run = Run(settings, plain)
    done = 0
    try:
        for operation in operations:
            signal.alarm(settings.patience)
            run.do(operation)
            done += 1
            run.compare(done % CONTENTS_EVERY == 0)
            if settings.progress and done % 1000 == 0:
                print(f"{done} operations", flush=True)
        run.compare(True)
        run.quiesce()
        run.control("refresh")
        run.compare(True)
        return None
    except (Difference, Hang, OSError) as error:
        return done, f"{type(error).__name__}: {error}"
    finally:
        signal.alarm(settings.patience)
        run.end()
        signal.alarm(0)
        shutil.rmtree(plain, ignore_errors=True)


def attempts(settings, operations):
    """Tries up to three times: a difference may need luck."""
    return next(filter(None, (attempt(settings, operations) for _ in range(3) if operations)), None)


def shrink(settings, operations, until):
    """Leaves out what is not needed for a difference: halves first, then smaller and smaller parts."""
    size = len(operations) // 2
    while size > 0 and time.monotonic() < until:
        start, is_smaller = 0, False
        while start < len(operations) and time.monotonic() < until:
            shorter = operations[:start] + operations[start + size:]
            outcome = attempts(settings, shorter)
            if outcome:
                operations, is_smaller = shorter[:outcome[0] + 1], True
            else:
                start += size
        if not is_smaller or size > 1:
            size //= 2
    return operations


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("mountpoint")
    parser.add_argument("server", help="the server's work directory of a task, with ID for its number")
    parser.add_argument("--kind", choices=["full", "bare"], default="full")
    parser.add_argument("--plain", help="where to make the plain directory")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--running", action="store_true", help="of a task that runs, not of one that has ended")
    parser.add_argument("--replay", help="a file of operations, a JSON list a line, in place of random ones")
    parser.add_argument("--save", help="where to write the operations that show a difference")
    parser.add_argument("--shrink", type=int, default=0, metavar="SECONDS", help="how long to look for fewer of them")
    parser.add_argument("--patience", type=int, default=60, help="seconds that one operation may take")
    parser.add_argument("--progress", action="store_true")
    settings = parser.parse_args()
    os.umask(0o022)
    signal.signal(signal.SIGALRM, on_alarm)
    if settings.replay:
        with open(settings.replay) as file:
            operations = [json.loads(line) for line in file]
    else:
        operations = list(generate(settings.seed, settings.count, settings.kind))
    print(f"seed {settings.seed}, {len(operations)} operations, {settings.kind} server", flush=True)
    outcome = attempt(settings, operations)
    if outcome is None:
        print(f"the same after all {len(operations)} operations")
        return 0
    done, text = outcome
    print(f"after {done} operations, at {json.dumps(operations[done:done + 1])}:\n{text}", flush=True)
    shown = operations[:done + 1]
    if settings.shrink:
        shown = shrink(settings, shown, time.monotonic() + settings.shrink)
        last = attempts(settings, shown)
        print(f"the same in {len(shown)} operations:" if last else "it does not come each time:")
        print("\n".join(json.dumps(operation) for operation in shown))
        print(last[1] if last else "")
    else:
        print("the last of them:")
        print("\n".join(json.dumps(operation) for operation in shown[-12:]))
    if settings.save:
        with open(settings.save, "w") as file:
            file.writelines(json.dumps(operation) + "\n" for operation in shown)
    return 1


if __name__ == "__main__":
    sys.exit(main())
