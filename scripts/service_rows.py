"""The rows of scripts/bench that have no peer: events, a root with many tasks, the start of a mount, memory."""

import os
import re
import sqlite3
import statistics
import subprocess
import time

TASKS = 10_000
FILES = 100_000
EVENTS = 200


def timed(action):
    start = time.monotonic()
    action()
    return time.monotonic() - start


def rows(beray, runs):
    """Gives (what was measured, target, value as text, whether the target is reached)."""
    yield from start_of_a_mount(beray, runs)
    yield from latency_of_events(beray)
    yield from memory(beray)
    yield from many_tasks(beray, runs)


def row(name, limit, value, unit):
    return (name, f"≤ {limit} {unit}", f"{value:.1f} {unit}", value <= limit)


def start_of_a_mount(beray, runs):
    times = []
    for _ in range(max(runs, 5)):
        beray.unmount()
        times.append(timed(beray.mount))
    yield row("mount ready after start", 100, 1000 * statistics.median(times), "ms")


def latency_of_events(beray):
    """The agent prints the time; the reader of `stream` compares it with its own clock."""
    number = beray.create_task(
        f"sleep 4; i=0; while [ $i -lt {EVENTS} ]; do date +%s.%N; sleep 0.02; i=$((i+1)); done")
    delays = []
    # The root shows a task that was made elsewhere within a second.
    while not os.path.exists(f"{beray.mountpoint}/{number}"):
        time.sleep(0.1)
    stream = os.open(f"{beray.mountpoint}/{number}/stream", os.O_RDONLY)
    try:
        while piece := os.read(stream, 1 << 16):
            now = time.time()
            delays += [now - float(sent) for sent in re.findall(rb"\b\d{10}\.\d{9}\b", piece)]
    finally:
        os.close(stream)
    delays = sorted(1000 * delay for delay in delays)
    if len(delays) < EVENTS:
        raise RuntimeError(f"{len(delays)} of {EVENTS} events came")
    yield row("event to blocked read, median", 3, statistics.median(delays), "ms")
    yield row("event to blocked read, 99th percentile", 20, delays[int(len(delays) * 0.99) - 1], "ms")


def resident(beray):
    with open(f"/proc/{beray.daemon()}/status") as file:
        return int(re.search(r"VmRSS:\s+(\d+) kB", file.read()).group(1)) / 1024


def memory(beray):
    script = f"for d in $(seq {FILES // 1000}); do mkdir $d; (cd $d; seq 1000 | xargs touch); done"
    number = beray.create_task(script)
    beray.wait_for_task(number)
    large = beray.create_task("truncate -s 2G large")
    beray.wait_for_task(large)
    beray.unmount()
    beray.mount()
    files = f"{beray.mountpoint}/{number}/files"
    before = beray.requests()
    subprocess.run(["find", files, "-size", "+1000000k"], check=True, stdout=subprocess.DEVNULL)
    asked = sum(beray.requests().values()) - sum(before.values())
    yield row(f"resident after a walk of {FILES} files", 150, resident(beray), "MiB")
    yield row("requests for that walk", 4, asked, "requests")
    beray.unmount()
    beray.mount()
    source = f"{beray.mountpoint}/{large}/files/large"
    subprocess.run(["dd", f"if={source}", "of=/dev/null", "bs=1M"], check=True, stderr=subprocess.DEVNULL)
    yield row("resident after reading 2 GiB (cache 256 MiB)", 356, resident(beray), "MiB")


def many_tasks(beray, runs):
    """The tasks are put into the server's database while it is down."""
    beray.unmount()
    beray.end(beray.server)
    with sqlite3.connect(f"{beray.data}/beray.sqlite") as database:
        user, made = database.execute("SELECT user_id, created_at FROM tasks LIMIT 1").fetchone()
        database.executemany(
            "INSERT INTO tasks (user_id, goal, tools, status, created_at, updated_at) "
            "VALUES (?, ?, 'null', 'COMPLETED', ?, ?)",
            [(user, f"goal number {number} of many", made, made) for number in range(TASKS)])
    database.close()
    beray.serve()
    cold, warm, lists = [], [], []
    listing = lambda: subprocess.run(["ls", beray.mountpoint], check=True, stdout=subprocess.DEVNULL)
    for _ in range(runs):
        beray.unmount()
        beray.mount()
        # The mount has asked for the tasks; a second later they are asked for again.
        time.sleep(1.2)
        before = beray.requests().get("list", 0)
        cold.append(timed(listing))
        warm.append(timed(listing))
        lists.append(beray.requests().get("list", 0) - before)
    yield row(f"ls of {TASKS} tasks, cold", 100, 1000 * statistics.median(cold), "ms")
    yield row(f"ls of {TASKS} tasks, warm", 10, 1000 * statistics.median(warm), "ms")
    yield row("list requests for both", 1, max(lists), "requests")


def report(beray, runs):
    print("\n| row | target | measured | reached |\n|---|---|---|---|")
    for name, target, value, reached in rows(beray, runs):
        print(f"| {name} | {target} | {value} | {'yes' if reached else 'NO'} |", flush=True)
