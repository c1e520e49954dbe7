"""A stand-in for W&B's server on the loopback interface: enough for the real client, with faults to order."""

from __future__ import annotations

import base64
import contextlib
import gzip
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

KEY = "a" * 40


@dataclass
class StoredRun:
    """A run as the server has it.

    Attributes:
        bucket: what each UpsertBucket said of it, the later over the earlier: name, project, group, tags, config.
        history: rows by line, as the client numbers them: a line that is sent again replaces the one that was there.
        summary: the last one.
        exit_code: as the client reported it at the end; ``None`` while the run goes on.
        files: what was uploaded, by name.
    """

    bucket: dict[str, Any] = field(default_factory=dict)
    lines: dict[int, dict[str, Any]] = field(default_factory=dict)
    summary: dict[str, Any] = field(default_factory=dict)
    exit_code: int | None = None
    files: dict[str, bytes] = field(default_factory=dict)

    @property
    def history(self) -> list[dict[str, Any]]:
        return [self.lines[line] for line in sorted(self.lines)]

    @property
    def config(self) -> dict[str, Any]:
        found = {key: each["value"] for key, each in json.loads(self.bucket["config"]).items()}
        return {key: value for key, value in found.items() if key != "_wandb"}


@dataclass
class Server:
    """What the client told the server, and how the server misbehaves.

    Attributes:
        url: its address.
        runs: by W&B's id.
        views: workspaces by name, as the last UpsertView2 said them.
        operations: names of the GraphQL operations, in order.
        fails: of ``graphql`` and ``file_stream``, those that answer 500.
        hangs: likewise, those that do not answer until the server stops.
        dead: whether every connection is closed without an answer.
    """

    url: str = ""
    runs: dict[str, StoredRun] = field(default_factory=dict)
    views: dict[str, dict[str, Any]] = field(default_factory=dict)
    operations: list[str] = field(default_factory=list)
    fails: set[str] = field(default_factory=set)
    hangs: set[str] = field(default_factory=set)
    dead: bool = False
    over: threading.Event = field(default_factory=threading.Event)

    def heal(self) -> None:
        """Ends all faults for connections to come."""
        self.fails, self.hangs, self.dead = set(), set(), False

    def answer(self, operation: str, variables: dict[str, Any]) -> dict[str, Any]:
        """The data of a GraphQL answer; unknown operations get none, as an old server would give."""
        if operation == "Viewer":
            viewer = {"id": "v", "entity": "tester", "username": "tester", "flags": "{}", "teams": {"edges": []}}
            return {"viewer": viewer}
        if operation == "UpsertBucket":
            return {"upsertBucket": {"bucket": self._upsert(variables), "inserted": True}}
        if operation == "CreateRunFiles":
            at = f"{self.url}/upload/{variables['run']}"
            files = [{"name": name, "uploadUrl": f"{at}/{name}"} for name in variables["files"]]
            return {"createRunFiles": {"runID": "b", "uploadHeaders": [], "files": files}}
        if operation == "ServerFeaturesQuery":
            return {"serverInfo": {"features": []}}
        if operation == "UpsertView2":
            inserted = variables["name"] not in self.views
            self.views[variables["name"]] = {**variables, "id": f"id of {variables['name']}"}
            view = {"id": f"id of {variables['name']}", "name": variables["name"]}
            return {"upsertView": {"view": view, "inserted": inserted}}
        if operation == "View":
            found = [view for name, view in self.views.items() if name == variables["viewName"]]
            return {"project": {"allViews": {"edges": [{"node": view} for view in found]}}}
        return {"model": {"bucket": None}, "project": None, "organization": None}

    def _upsert(self, variables: dict[str, Any]) -> dict[str, Any]:
        run = self.runs.setdefault(variables["name"], StoredRun())
        run.bucket |= {key: value for key, value in variables.items() if value is not None}
        project = {"id": "p", "name": variables["project"], "entity": {"id": "e", "name": "tester"}}
        bucket = {"id": "b", "name": variables["name"], "displayName": variables["name"], "description": ""}
        return bucket | {"config": "{}", "sweepName": None, "historyLineCount": 0, "project": project}

    def stream(self, name: str, body: dict[str, Any]) -> None:
        """Takes in a message of a run's stream of files."""
        run = self.runs.setdefault(name, StoredRun())
        for file, part in (body.get("files") or {}).items():
            rows = [json.loads(line) for line in part["content"]] if file != "output.log" else []
            if file == "wandb-history.jsonl":
                run.lines |= dict(enumerate(rows, part["offset"]))
            elif file == "wandb-summary.json":
                run.summary = rows[-1]
        run.exit_code = body.get("exitcode") if body.get("complete") else None


class _Quiet(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Says nothing of a client that is gone."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    stand_in: Server

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            raw = b""
            while size := int(self.rfile.readline(), 16):
                raw += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        else:
            raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        return gzip.decompress(raw) if self.headers.get("Content-Encoding") == "gzip" else raw

    def _reply(self, body: dict[str, Any], code: int = 200) -> None:
        data = json.dumps(body).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _is_spoilt(self, part: str) -> bool:
        """Whether a fault was ordered, which then has happened."""
        if self.stand_in.dead:
            self.close_connection = True
            with contextlib.suppress(OSError):
                self.connection.close()
            return True
        if part in self.stand_in.hangs:
            self.stand_in.over.wait()
            return True
        if part in self.stand_in.fails:
            self._reply({"error": "out of order"}, 500)
            return True
        return False

    def do_POST(self) -> None:
        raw = self._body()
        part = self.path.rpartition("/")[2]
        if self._is_spoilt(part):
            return
        if part == "graphql":
            if self.headers.get("Authorization") != "Basic " + base64.b64encode(f"api:{KEY}".encode()).decode():
                self._reply({"errors": [{"message": "user is not logged in"}]}, 401)
                return
            asked = json.loads(raw)
            operation = asked.get("operationName") or asked["query"].split("(")[0].split("{")[0].split()[1]
            self.stand_in.operations.append(operation)
            self._reply({"data": self.stand_in.answer(operation, asked.get("variables") or {})})
        elif part == "file_stream":
            self.stand_in.stream(self.path.split("/")[-2], json.loads(raw))
            self._reply({})
        else:
            self._reply({}, 404)

    def do_PUT(self) -> None:
        raw = self._body()
        run, _, name = self.path.removeprefix("/upload/").partition("/")
        if run in self.stand_in.runs:
            self.stand_in.runs[run].files[name] = raw
        self._reply({})

    def do_GET(self) -> None:
        self._reply({}, 404)

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


@contextmanager
def serving() -> Iterator[Server]:
    """A server that stops at the end of the block."""
    stand_in = Server()
    server = _Quiet(("127.0.0.1", 0), type("Handler", (_Handler,), {"stand_in": stand_in}))
    stand_in.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield stand_in
    finally:
        stand_in.over.set()
        server.shutdown()
        thread.join()
        server.server_close()
