"""A stand-in for W&B's server on the loopback interface: enough for the real client's online mode, nothing more."""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Seen:
    """What the client told the server.

    Attributes:
        buckets: variables of each UpsertBucket: the run's name, group, tags, config.
        history: rows of the run's history.
        summary: the last summary.
        exit_code: as the client reported it at the end.
        operations: names of the GraphQL operations, in order.
    """

    buckets: list[dict[str, Any]] = field(default_factory=list)
    history: list[dict[str, Any]] = field(default_factory=list)
    summary: dict[str, Any] = field(default_factory=dict)
    exit_code: int | None = None
    operations: list[str] = field(default_factory=list)


def _answer(operation: str, variables: dict[str, Any], url: str) -> dict[str, Any]:
    """The data of a GraphQL answer; unknown operations get none, as an old server would give."""
    if operation == "Viewer":
        return {"viewer": {"id": "v", "entity": "tester", "username": "tester", "flags": "{}", "teams": {"edges": []}}}
    if operation == "UpsertBucket":
        project = {"id": "p", "name": variables["project"], "entity": {"id": "e", "name": "tester"}}
        bucket = {"id": "b", "name": variables["name"], "displayName": variables["name"], "description": ""}
        bucket |= {"config": "{}", "sweepName": None, "historyLineCount": 0, "project": project}
        return {"upsertBucket": {"bucket": bucket, "inserted": True}}
    if operation == "CreateRunFiles":
        files = [{"name": name, "uploadUrl": f"{url}/upload/{name}"} for name in variables["files"]]
        return {"createRunFiles": {"runID": "b", "uploadHeaders": [], "files": files}}
    if operation == "ServerFeaturesQuery":
        return {"serverInfo": {"features": []}}
    return {"model": {"bucket": None}, "project": None, "organization": None}


@contextmanager
def serving() -> Iterator[tuple[str, Seen]]:
    """The server's address and what it has seen."""
    seen = Seen()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

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

        def do_POST(self) -> None:
            raw = self._body()
            if self.path == "/graphql":
                asked = json.loads(raw)
                operation = asked.get("operationName") or asked["query"].split("(")[0].split("{")[0].split()[1]
                seen.operations.append(operation)
                if operation == "UpsertBucket":
                    seen.buckets.append(asked["variables"])
                self._reply({"data": _answer(operation, asked.get("variables") or {}, url)})
            elif self.path.endswith("/file_stream"):
                self._stream(json.loads(raw))
                self._reply({})
            else:
                self._reply({}, 404)

        def do_PUT(self) -> None:
            self._body()
            self._reply({})

        def do_GET(self) -> None:
            self._reply({}, 404)

        def _stream(self, body: dict[str, Any]) -> None:
            for name, part in (body.get("files") or {}).items():
                rows = [json.loads(line) for line in part["content"]]
                if name == "wandb-history.jsonl":
                    seen.history.extend(rows)
                elif name == "wandb-summary.json":
                    seen.summary = rows[-1]
            if body.get("complete"):
                seen.exit_code = body.get("exitcode")

        def log_message(self, format: str, *args: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield url, seen
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
