"""The BeRay Python SDK, unchanged, against a live server whose agent is `shell`.

usage: conformance.py URL LOGFILE: the server writes verification codes to LOGFILE.
"""
import io
import re
import sys
import zipfile

from beray.client import BeRayClient
from beray.exceptions import (APIError, AuthenticationError, BeRayException, ConflictError, NotFoundError,
                              UnprocessableEntityError)

url, log_path = sys.argv[1:]
email, password = "anna@example.org", "correct horse battery"
called = set()


class Recorded:
    """Remembers which methods of the SDK were called."""

    def __init__(self, client):
        self.client = client

    def __getattr__(self, name):
        value = getattr(self.client, name)
        if callable(value):
            called.add(name)
        return value


def refused(kind, call, *arguments, status=None):
    try:
        call(*arguments)
    except BeRayException as error:
        assert type(error) is kind, f"{type(error).__name__} and not {kind.__name__}: {error}"
        assert isinstance(error, BeRayException)
        if status is not None:
            assert error.status_code == status, error
        return error
    raise AssertionError(f"{call} was not refused")


def code():
    with open(log_path, encoding="utf-8") as log:
        return re.findall(rf"{re.escape(email)}: (\S+)", log.read())[-1]


anna = Recorded(BeRayClient(url))
refused(AuthenticationError, anna.get_current_user)
refused(UnprocessableEntityError, anna.request_verification_code, "no address", status=422)
assert anna.request_verification_code(email)["message"]
error = refused(APIError, anna.register, email, "wrong", password, status=400)
assert "code" in error.error_detail
session = anna.register(email, code(), password)
assert session["token_type"] == "bearer" and session["user"]["email"] == email, session
refused(ConflictError, anna.request_verification_code, email, status=409)
assert anna.get_current_user()["email"] == email
assert anna.logout()["message"]
refused(AuthenticationError, anna.get_current_user)
refused(AuthenticationError, anna.login, email, "wrong password")
assert anna.login(email, password)["access_token"]
assert anna.login_with_form(email, password)["user"]["email"] == email

# A task from its creation to its end.
task = anna.create_task("echo one; sleep 0.3; echo two; mkdir -p d; echo made > d/out.txt", tools=["web"])
assert isinstance(task["id"], int) and task["status"] in ("PENDING", "RUNNING"), task
assert task["tools"] == ["web"], task
updates = list(anna.stream_task_updates(task["id"]))
statuses = [update["status"] for update in updates if update["type"] == "status"]
assert statuses == ["RUNNING", "COMPLETED"], updates
assert [update["text"] for update in updates if update["type"] == "stdout"] == ["one", "two"], updates
assert updates[-1]["status"] == "COMPLETED"
whole = anna.get_task(task["id"])
assert whole["status"] == "COMPLETED" and whole["events"] == updates, whole
assert [t["id"] for t in anna.list_tasks()] == [task["id"]]

# Its files.
assert {e["name"]: e["type"] for e in anna.list_files_tree(task["id"])} == {"d": "directory"}
assert anna.list_files_tree(task["id"], "d")[0]["size"] == 5
assert anna.get_file_content(task["id"], "d/out.txt").content == b"made\n"
put = anna.upload_file(task["id"], "a b/ü+&.txt", "content", None)
assert put["path"] == "a b/ü+&.txt" and put["size"] == 7 and put["message"], put
assert anna.get_file_content(task["id"], "a b/ü+&.txt").text == "content"
archive = zipfile.ZipFile(io.BytesIO(anna.download_files_as_zip(task["id"]).content))
assert archive.testzip() is None
assert {"d/out.txt", "a b/ü+&.txt"} <= set(archive.namelist()), archive.namelist()
part = zipfile.ZipFile(io.BytesIO(anna.download_files_as_zip(task["id"], ["d"]).content))
assert part.read("d/out.txt") == b"made\n"
refused(NotFoundError, anna.get_file_content, task["id"], "none", status=404)
refused(NotFoundError, anna.download_files_as_zip, task["id"], ["none"], status=404)
refused(APIError, anna.get_file_content, task["id"], "../goal", status=400)
refused(ConflictError, anna.upload_file, task["id"], "d", b"x", status=409)
refused(UnprocessableEntityError, anna.create_task, None, status=422)
refused(NotFoundError, anna.get_task, 10**9, status=404)

# A stream that is cut by stop.
endless = anna.create_task("echo ready; exec sleep 1000")
seen = []
for update in anna.stream_task_updates(endless["id"]):
    seen.append(update)
    if update.get("text") == "ready":
        assert anna.stop_task(endless["id"])["message"]
assert [u["status"] for u in seen if u["type"] == "status"] == ["RUNNING", "STOPPED"], seen
assert anna.stop_task(endless["id"])["message"]
assert anna.delete_task(endless["id"])["message"]
refused(NotFoundError, anna.get_task, endless["id"], status=404)

# Another user sees none of it.
email = "ben@example.org"
ben = Recorded(BeRayClient(url))
ben.request_verification_code(email)
ben.register(email, code(), password)
assert ben.list_tasks() == []
refused(NotFoundError, ben.get_task, task["id"], status=404)
refused(NotFoundError, ben.stop_task, task["id"], status=404)
refused(NotFoundError, ben.get_file_content, task["id"], "d/out.txt", status=404)

methods = {name for name in vars(BeRayClient) if not name.startswith("_")} - {"set_token"}
assert len(methods) == 16, methods
assert methods <= called, methods - called
print("all 16 methods")
