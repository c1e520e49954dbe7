"""A results folder: its records, written whole or not at all, and where its runs stand.

It holds ``runs/<id>/`` for each run, with ``spec.yaml``, ``record.json``, ``latency.json``, ``metrics.csv``,
``model.pt``, ``log.txt`` and W&B's files. ``record.json`` is the result of record, and ``done`` is written last.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from bench import claims
from bench.errors import RnnbenchError
from bench.record import latency as beside
from bench.record import mirror
from bench.record.atomic import write_atomically
from bench.record.facts import SCHEMA, Record
from bench.spec import RECORDED, RunSpec
from bench.status import Status

CELL_FILE = "cell.py"
"""In a run's folder: a copy of the user's file that its cell came from."""
GRID_NOTE = "grid.yaml"
"""In a results folder: the grid it belongs to, and the ids of its runs."""


def runs_folder(results: Path) -> Path:
    """Returns where a results folder keeps its runs."""
    return results / "runs"


def noted_runs(results: Path) -> frozenset[str] | None:
    """Returns the ids of the runs that the grid of a results folder has now; ``None`` where no grid was noted.

    A grid that was edited leaves the runs of its earlier versions in the folder; they are not in this set.
    """
    runs = _note(results).get("runs")
    return frozenset(map(str, runs)) if isinstance(runs, list) else None


def _note(results: Path) -> dict[str, Any]:
    try:
        note = yaml.safe_load((results / GRID_NOTE).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return {}
    return note if isinstance(note, dict) else {}


def write(folder: Path, record: Record) -> None:
    """Writes ``record.json`` of a run."""
    body = record.model_dump(mode="json", by_alias=True)
    write_atomically(folder / "record.json", json.dumps(body, indent=1, allow_nan=False) + "\n")


def read(folder: Path) -> Record:
    """Reads ``record.json`` of a run, and the latency beside it.

    Keys that a run could not say when it was recorded have their defaults: the same run is read alike, whenever it was.

    Raises:
        RnnbenchError: when it is damaged, of another schema than this version reads, or its id is not that of its
            specification.
    """
    path = folder / "record.json"
    try:
        body = json.loads(path.read_text(encoding="utf-8"))
        schema = body.get("schema")
    except (OSError, ValueError, AttributeError, RecursionError) as error:
        raise RnnbenchError(f"{path} is damaged ({type(error).__name__}): move the folder away and run again") from None
    if schema != SCHEMA:
        raise RnnbenchError(
            f"{path} has schema {schema}, this rnnbench reads {SCHEMA}: "
            "keep the folder for the version that wrote it, and choose another results folder"
        )
    try:
        record = Record.model_validate(body)
        spec = RunSpec.model_validate(record.spec, context=RECORDED)
    except ValidationError as error:
        first = error.errors()[0]
        at = ".".join(str(step) for step in first["loc"])
        raise RnnbenchError(f"{path} is damaged ({at}: {first['msg']}): move the folder away and run again") from None
    if spec.id != record.id:
        raise RnnbenchError(
            f"{path}: the id {record.id} is not that of its specification, {spec.id}: it was edited, or a default "
            "changed and SPEC_VERSION did not"
        )
    told: dict[str, Any] = {"spec": spec.completed(record.spec), "folder": folder, "wandb": mirror.read(folder)}
    if (found := beside.read(folder)) is not None:
        told |= {"latency": found.boards, "latency_stale": found.stale, "latency_reason": found.reason}
    return record.model_copy(update=told)


def read_all(results: Path) -> list[Record]:
    """Returns every record of a results folder, in order of id, with the latencies that its grid asks for.

    Runs that wrote no record yet are left out.
    """
    records = [read(path.parent) for path in sorted(runs_folder(results).glob("*/record.json"))]
    boards = _note(results).get("boards")
    if not isinstance(boards, list):
        return records
    return [
        record.model_copy(update={"latency": tuple(facts for facts in record.latency if facts.board in boards)})
        for record in records
    ]


def observed(results: Path) -> dict[str, tuple[Status, str]]:
    """Returns status and reason of every run of a results folder, by id.

    A record that says ``running`` while no living process has claimed the run was interrupted.
    """
    found: dict[str, tuple[Status, str]] = {}
    for record in read_all(results):
        status, reason = record.status, record.reason
        if status is Status.RUNNING and not claims.is_held(runs_folder(results) / record.id):
            status, reason = Status.INTERRUPTED, "the process ended without a word (killed, or out of memory)"
        found[record.id] = (status, reason)
    for claim in runs_folder(results).glob("*/claim"):  # some have no record yet
        if claim.parent.name not in found and claims.is_held(claim.parent):
            found[claim.parent.name] = (Status.RUNNING, "")
    return found
