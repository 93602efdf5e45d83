#!/usr/bin/env python3
"""A BeRay server with the endpoints of the Python SDK and nothing more.

It has no /openapi.json, tells neither sizes nor times of files, ignores Range, refuses HEAD, gives events no ids and streams
only what is new (or everything again with --replay), and with --no-length sends no Content-Length. A goal is run by /bin/sh.
It prints its port, then a line for each request. POST /_hang makes every later request wait until POST /_go.
"""

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TOKEN = "bare-token"
lock = threading.Condition()
tasks = {}
settings = {}
going = threading.Event()
going.set()


def entry(directory, name):
    path = os.path.join(directory, name)
    told = {"name": name, "type": "directory" if os.path.isdir(path) else "file"}
    if settings["details"]:
        status = os.lstat(path)
        told["size"] = status.st_size
        told["modified"] = status.st_mtime_ns / 1e9
    return told


class Task:
    def __init__(self, number, goal):
        self.number, self.goal, self.status, self.events = number, goal, "RUNNING", []
        self.work = os.path.join(settings["root"], str(number))
        os.makedirs(self.work)
        self.process = subprocess.Popen(
            ["/bin/sh", "-c", goal], cwd=self.work, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, start_new_session=True)
        threading.Thread(target=self.follow, daemon=True).start()

    def kill(self):
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass

    def follow(self):
        for line in self.process.stdout:
            with lock:
                self.events.append({"type": "message", "content": line.decode("utf-8", "replace").rstrip("\n")})
                lock.notify_all()
        code = self.process.wait()
        with lock:
            if self.status == "RUNNING":
                self.status = "COMPLETED" if code == 0 else "FAILED"
            lock.notify_all()

    def short(self):
        return {"id": self.number, "goal": self.goal, "status": self.status}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def answer(self, status, value, headers=()):
        """Sends `value`: bytes, an open file, or what is to be JSON."""
        is_file = hasattr(value, "read")
        body = value if is_file or isinstance(value, bytes) else json.dumps(value).encode()
        length = os.fstat(body.fileno()).st_size if is_file else len(body)
        self.send_response(status)
        for name, text in headers:
            self.send_header(name, text)
        if settings["no_length"] and status == 200 and (is_file or isinstance(value, bytes)):
            self.send_header("Connection", "close")
            self.close_connection = True
        else:
            self.send_header("Content-Length", str(length))
        self.end_headers()
        if not is_file:
            return self.wfile.write(body)
        # An agent may make it longer or shorter meanwhile.
        while length and (piece := body.read(min(length, 1 << 20))):
            self.wfile.write(piece)
            length -= len(piece)
        if length:
            self.close_connection = True

    def fail(self, status, detail):
        self.answer(status, {"detail": detail})

    def body(self):
        """What the request carries: a file that has no name where it is large, so that no memory holds it."""
        body = tempfile.SpooledTemporaryFile(max_size=1 << 20, dir=settings["root"])
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            while size := int(self.rfile.readline().split(b";")[0], 16):
                self.receive(size, body)
                self.rfile.readline()
            self.rfile.readline()
        else:
            self.receive(int(self.headers.get("Content-Length", 0)), body)
        return body

    def receive(self, size, body):
        while size > 0:
            piece = self.rfile.read(min(size, 1 << 20))
            if not piece:
                raise ConnectionResetError("the request ended early")
            body.write(piece)
            size -= len(piece)

    def handle_any(self):
        url = urllib.parse.urlsplit(self.path)
        query = urllib.parse.parse_qs(url.query)
        with self.body() as body:
            if url.path in ("/_hang", "/_go"):
                going.set() if url.path == "/_go" else going.clear()
                return self.answer(200, {})
            print(self.command, self.path, body.tell(), flush=True)
            body.seek(0)
            going.wait()
            return self.handle_api(url, query, body)

    def handle_api(self, url, query, body):
        parts = url.path.strip("/").split("/")
        if parts[:2] != ["api", "v1"]:
            return self.fail(404, "Not Found")
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            return self.fail(401, "Not authenticated")
        if parts[2:] == ["users", "me"] and self.command == "GET":
            return self.answer(200, {"id": 1, "email": "bare@example.com"})
        if parts[2] != "tasks":
            return self.fail(404, "Not Found")
        rest = parts[3:]
        if not rest:
            if not url.path.endswith("/"):
                return self.answer(307, b"", [("Location", url.path + "/")])
            if self.command == "GET":
                with lock:
                    return self.answer(200, [task.short() for task in tasks.values()])
            goal = json.load(body)["goal"]
            with lock:
                number = max(tasks, default=0) + 1
                tasks[number] = Task(number, goal)
                return self.answer(200, tasks[number].short())
        task = tasks.get(int(rest[0]))
        if task is None:
            return self.fail(404, "Task not found")
        return self.handle_task(task, self.command, rest[1:], query, body)

    def handle_task(self, task, method, rest, query, body):
        path = query.get("path", ["."])[0]
        full = os.path.realpath(os.path.join(task.work, path))
        if full != task.work and not full.startswith(task.work + "/"):
            return self.fail(400, "Invalid path")
        if not rest and method == "GET":
            with lock:
                return self.answer(200, dict(task.short(), events=list(task.events)))
        if not rest and method == "DELETE":
            self.stop(task)
            with lock:
                del tasks[task.number]
            shutil.rmtree(task.work, ignore_errors=True)
            return self.answer(200, {"status": "success", "message": "deleted"})
        if rest == ["stop"]:
            self.stop(task)
            return self.answer(200, {"message": "stopped"})
        if rest == ["stream"]:
            return self.stream(task)
        if rest == ["files", "tree"]:
            if not os.path.isdir(full):
                return self.fail(404, "Not found")
            return self.answer(200, [entry(full, name) for name in sorted(os.listdir(full))])
        if rest == ["files", "content"] and method == "GET":
            if not os.path.isfile(full):
                return self.fail(404, "File not found")
            with open(full, "rb") as file:
                return self.answer(200, file)
        if rest == ["files", "content"] and method == "PUT":
            os.makedirs(os.path.dirname(full), exist_ok=True)
            with open(full, "wb") as file:
                shutil.copyfileobj(body, file, 1 << 20)
            return self.answer(200, {"message": "uploaded", "path": path, "size": body.tell()})
        if rest == ["files", "download"] and method == "POST":
            return self.archive(task, json.load(body).get("paths") or ["."])
        return self.fail(405, "Method Not Allowed")

    def archive(self, task, paths):
        """The ZIP of regular files, also through links that stay inside."""
        def add(full):
            if os.path.isfile(full) and os.path.realpath(full).startswith(task.work + "/"):
                archive.write(full, os.path.relpath(full, task.work))
        with tempfile.TemporaryFile(dir=settings["root"]) as result:
            with zipfile.ZipFile(result, "w", zipfile.ZIP_DEFLATED) as archive:
                for path in paths:
                    full = os.path.normpath(os.path.join(task.work, path))
                    add(full)
                    for directory, _, files in os.walk(full):
                        for file in files:
                            add(os.path.join(directory, file))
            result.seek(0)
            self.answer(200, result, [("Content-Type", "application/zip")])

    def stop(self, task):
        with lock:
            if task.status == "RUNNING":
                task.status = "STOPPED"
        task.kill()
        with lock:
            lock.notify_all()

    def stream(self, task):
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        with lock:
            sent = 0 if settings["replay"] else len(task.events)
        while True:
            with lock:
                lock.wait_for(lambda: len(task.events) > sent or task.status != "RUNNING", timeout=5)
                news, status = task.events[sent:], task.status
            for event in news:
                self.wfile.write(b"data: " + json.dumps(event).encode() + b"\n\n")
            sent += len(news)
            if status != "RUNNING" and not news:
                self.wfile.write(b"data: " + json.dumps({"status": status}).encode() + b"\n\n")
                return
            if not news:
                self.wfile.write(b": ping\n\n")
            self.wfile.flush()

    def do_GET(self):
        try:
            self.handle_any()
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    do_POST = do_PUT = do_DELETE = do_GET

    def do_HEAD(self):
        self.answer(405, b"")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("root")
    parser.add_argument("--replay", action="store_true")
    parser.add_argument("--no-length", action="store_true")
    parser.add_argument("--details", action="store_true", help="listings tell sizes and times, and not names alone")
    arguments = parser.parse_args()
    settings.update(root=os.path.realpath(arguments.root), replay=arguments.replay, no_length=arguments.no_length,
                    details=arguments.details)
    # Of many clients at once, none is to try again after seconds.
    ThreadingHTTPServer.request_queue_size = 1024
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    print(server.server_address[1], flush=True)
    try:
        server.serve_forever()
    finally:
        # No agent outlives the server.
        for task in list(tasks.values()):
            if task.status == "RUNNING":
                task.kill()


if __name__ == "__main__":
    main()
