#!/usr/bin/env python3
"""Does random operations on files/ of a new task and on a plain directory, and compares what comes of them.

After every operation these are compared: its result (the bytes or the errno), the names, kinds, sizes, modes and times
of both trees, what is open, and the contents of what it touched; all contents now and then, also behind the kernel's
pages. Some operations change the server's own work directory behind the mount's back, whatever is open, and are
followed by `refresh` or, where the task runs, by time. The server's work directory has to hold the same once everything
was sent; one that can neither rename nor remove also what was left behind there, and never a temporary name.

Exits with 0, or with 1 after it told the first difference; with --shrink also the fewest operations that show it.
"""

import argparse
import json
import os
import shutil
import signal
import sys
import tempfile
import time

from operations import generate
from run import Difference, Run

EVERYTHING_EVERY = 25
# How many operations before a difference may be all that it needs.
TAILS = [4, 16, 64, 256]
# How many of the operations that show a difference are printed.
SHOWN = 40


class Hang(Exception):
    pass


def on_alarm(*_):
    raise Hang("an operation took longer than it may")


def attempt(settings, operations):
    """Does the operations on a new task. Gives None, or the number of the one that shows a difference and what differs;
    behind the last one stands what is compared at the end."""
    plain = tempfile.mkdtemp(prefix="beray-model-", dir=settings.plain)
    signal.alarm(settings.patience)
    run = Run(settings, plain)
    number = 0
    try:
        for number, operation in enumerate(operations):
            signal.alarm(settings.patience)
            run.check(operation)
            if (number + 1) % EVERYTHING_EVERY == 0:
                run.compare_everything()
            if settings.progress and (number + 1) % 1000 == 0:
                print(f"{number + 1} operations", flush=True)
        number = len(operations)
        run.compare_everything()
        run.quiesce()
        run.release()
        run.refresh()
        run.compare_everything()
        return None
    except (Difference, Hang, OSError) as error:
        return number, f"{type(error).__name__}: {error}"
    finally:
        signal.alarm(settings.patience)
        run.end()
        signal.alarm(0)
        shutil.rmtree(plain, ignore_errors=True)


def attempts(settings, operations, text):
    """Tries up to three times: a difference may need luck. Gives only one that is told as `text` is."""
    outcomes = (attempt(settings, operations) for _ in range(3) if operations)
    return next((outcome for outcome in outcomes if outcome and outcome[1].split()[:4] == text.split()[:4]), None)


def shrink(settings, operations, text, until):
    """Leaves out what a difference does not need: what was long before it, then smaller and smaller parts."""
    # What did not come within this time does not come.
    settings.sent_within = min(settings.sent_within, 3)
    for count in (count for count in TAILS if count < len(operations)):
        outcome = attempts(settings, operations[-count:], text)
        if outcome:
            operations = operations[-count:][:outcome[0] + 1]
            break
    size = len(operations) // 2
    while size > 0 and time.monotonic() < until:
        start, is_smaller = 0, False
        while start < len(operations) and time.monotonic() < until:
            shorter = operations[:start] + operations[start + size:]
            outcome = attempts(settings, shorter, text)
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
    parser.add_argument("--sent-within", type=int, default=15, help="seconds after which the server has everything")
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
    number, text = outcome
    where = json.dumps(operations[number]) if number < len(operations) else "the end"
    print(f"after {number} operations, at {where}:\n{text}", flush=True)
    with open(os.path.join(settings.mountpoint, ".beray/errors")) as file:
        print("the last errors of the mount:\n" + "".join(file.readlines()[-5:]), flush=True)
    shown = operations[:number + 1]
    if settings.shrink:
        shown = shrink(settings, shown, text, time.monotonic() + settings.shrink)
        last = attempts(settings, shown, text)
        print(f"the same in {len(shown)} operations:" if last else "it does not come each time:")
        print("\n".join(json.dumps(operation) for operation in shown[-SHOWN:]))
        print(last[1] if last else "")
    else:
        print("the last of them:")
        print("\n".join(json.dumps(operation) for operation in shown[-SHOWN:]))
    if settings.save:
        with open(settings.save, "w") as file:
            file.writelines(json.dumps(operation) + "\n" for operation in shown)
    return 1


if __name__ == "__main__":
    sys.exit(main())
