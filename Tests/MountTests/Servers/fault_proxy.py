#!/usr/bin/env python3
"""Stands between a mount and its server, and does to single requests what a network or a proxy in trouble does.

usage: fault_proxy.py URL. It prints its port. POST /_fault?method=PUT&path=files/content&… says what happens to the next
requests with that method and that in their path: `before=S` and `after=S` wait so many seconds before the server gets the
request and after it answered, `status=N` answers so in the server's place, and `drop=1` lets the server do it all and
closes the connection without an answer. Of a content, `short=N` sends so many bytes as if they were all, `cut=N` the same
without a length, `break=N` breaks off after so many, and `gzip=1` compresses it. `count=N` (1 where it is missing) says to how many. POST /_well ends all that.
"""

import gzip
import http.client
import sys
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

UPSTREAM = urllib.parse.urlsplit(sys.argv[1]).netloc
lock = threading.Lock()
faults = []


def fault_for(method, path):
    with lock:
        for fault in faults:
            if fault["method"] == method and fault["path"] in path:
                fault["count"] -= 1
                if fault["count"] == 0:
                    faults.remove(fault)
                return fault
    return {}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def body(self):
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        data = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            data += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return data

    def answer(self, status, headers=(), body=b""):
        self.send_response_only(status)
        for name, value in headers:
            if name.lower() not in ("connection", "transfer-encoding", "content-length"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def answer_wrongly(self, fault, response, content):
        headers = [(name, value) for name, value in response.getheaders()
                   if name.lower() not in ("connection", "transfer-encoding", "content-length")]
        self.send_response_only(response.status)
        length = len(content)
        if "gzip" in fault:
            content = gzip.compress(content)
            length = len(content)
            headers.append(("Content-Encoding", "gzip"))
        for kind in ("short", "cut", "break"):
            if kind in fault:
                content = content[:int(fault[kind])]
        if "short" in fault:
            length = len(content)
        for name, value in headers:
            self.send_header(name, value)
        if "cut" not in fault:
            self.send_header("Content-Length", str(length))
        self.send_header("Connection", "close")
        self.close_connection = True
        self.end_headers()
        self.wfile.write(content)

    def control(self, url):
        values = dict(urllib.parse.parse_qsl(url.query))
        with lock:
            if url.path == "/_well":
                faults.clear()
            else:
                faults.append(dict(values, count=int(values.get("count", 1))))
        self.answer(200)

    def handle_any(self):
        body = self.body()
        url = urllib.parse.urlsplit(self.path)
        if url.path in ("/_fault", "/_well"):
            return self.control(url)
        fault = fault_for(self.command, self.path)
        time.sleep(float(fault.get("before", 0)))
        if "status" in fault:
            return self.answer(int(fault["status"]), [("Content-Type", "application/json")], b'{"detail":"a fault"}')
        server = http.client.HTTPConnection(UPSTREAM)
        headers = {name: value for name, value in self.headers.items()
                   if name.lower() not in ("host", "connection", "transfer-encoding", "content-length")}
        server.request(self.command, self.path, body, headers)
        response = server.getresponse()
        if response.getheader("Content-Type", "").startswith("text/event-stream"):
            return self.stream(response)
        content = response.read()
        time.sleep(float(fault.get("after", 0)))
        if "drop" in fault:
            self.close_connection = True
            return None
        if {"short", "cut", "break", "gzip"} & fault.keys() and response.status < 300:
            return self.answer_wrongly(fault, response, content)
        self.answer(response.status, response.getheaders(), content)

    def stream(self, response):
        self.close_connection = True
        self.send_response_only(response.status)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        while piece := response.read1(65536):
            self.wfile.write(piece)
            self.wfile.flush()

    def do_GET(self):
        try:
            self.handle_any()
        except (OSError, http.client.HTTPException):
            self.close_connection = True

    do_POST = do_PUT = do_DELETE = do_PATCH = do_GET


# Of many clients at once, none is to try again after seconds.
ThreadingHTTPServer.request_queue_size = 1024
server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
print(server.server_address[1], flush=True)
server.serve_forever()
