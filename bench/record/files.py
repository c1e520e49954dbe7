"""A results folder: its records, written whole or not at all, and where its runs stand.

It holds ``runs/<id>/`` for each run, with ``spec.yaml``, ``record.json``, ``latency.json``, ``metrics.csv``,
``model.pt``, ``log.txt`` and W&B's files. ``record.json`` is the result of record, and ``done`` is written last.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import from_json

from bench import claims
from bench.errors import RnnbenchError
from bench.record import latency as beside
from bench.record import mirror
from bench.record.atomic import write_atomically
from bench.record.content import content
from bench.record.facts import SCHEMA, Record
from bench.record.note import read_note
from bench.spec import RECORDED, Reader, RunSpec
from bench.status import Status

LOST = "the process ended without a word (killed, or out of memory)"
"""Why a run is not done whose record says ``running`` while nobody works on it."""
FILE = "record.json"
CELL_FILE = "cell.py"
"""In a run's folder: a copy of the user's file that its cell came from."""


def runs_folder(results: Path) -> Path:
    """Returns where a results folder keeps its runs."""
    return results / "runs"


def noted_runs(results: Path) -> frozenset[str] | None:
    """Returns the ids of the runs that the grid of a results folder has now; ``None`` where no grid was noted.

    A grid that was edited leaves the runs of its earlier versions in the folder; they are not in this set.

    Raises:
        RnnbenchError: as :func:`read_note`.
    """
    runs = (read_note(results) or {}).get("runs")
    return None if runs is None else frozenset(map(str, runs))


def write(folder: Path, record: Record) -> None:
    """Writes ``record.json`` of a run."""
    body = record.model_dump(mode="json", by_alias=True)
    write_atomically(folder / FILE, json.dumps(body, indent=1, allow_nan=False) + "\n")


def read(folder: Path) -> Record:
    """Reads ``record.json`` of a run, and what lies beside it.

    Keys that a run could not say when it was recorded have their defaults: the same run is read alike, whenever it was.

    Args:
        folder: the run's.

    Raises:
        RnnbenchError: when it is damaged, of another schema than this version reads, or its id is not that of its
            specification.
    """
    given = _content(folder)
    if given is None:
        raise _damaged(folder, "it is missing")
    record, spec = _read_alone(folder, given, recorded())
    return _with_all_beside(folder, record, spec)


def _with_all_beside(folder: Path, record: Record, spec: RunSpec) -> Record:
    """Returns a record with what lies beside it."""
    told: dict[str, Any] = {"spec": spec.completed(record.spec), "folder": folder, "wandb": mirror.read(folder)}
    found = beside.read(folder)
    told["latency_due"] = not found.current if found else (folder / "model.pt").is_file()
    if found is not None:
        told |= {"latency": found.boards, "latency_stale": found.stale, "latency_reason": found.reason}
    return record.model_copy(update=told)


def recorded() -> Reader:
    """Returns what reads the specifications of records, whose cells may have gone or changed since."""
    return Reader(lambda raw: RunSpec.model_validate(raw, context=RECORDED), RECORDED)


def _read_alone(folder: Path, given: bytes, reader: Reader) -> tuple[Record, RunSpec]:
    """Reads the content of ``record.json``, and the run that it is of."""
    path = f"{folder}/{FILE}"
    try:
        body = from_json(given)
        schema = body.get("schema")
    except (ValueError, RecursionError):
        raise _damaged(folder, "not JSON that can be read") from None
    except AttributeError:
        raise _damaged(folder, "not a mapping") from None
    if schema != SCHEMA:
        raise RnnbenchError(
            f"{path} has schema {schema}, this rnnbench reads {SCHEMA}: "
            "keep the folder for the version that wrote it, and choose another results folder"
        )
    try:
        record = Record.model_validate(body)
        spec = reader.read(record.spec)
    except ValidationError as error:
        first = error.errors()[0]
        at = ".".join(str(step) for step in first["loc"])
        raise _damaged(folder, f"{at}: {first['msg']}") from None
    if spec.id != record.id:
        raise RnnbenchError(
            f"{path}: the id {record.id} is not that of its specification, {spec.id}: it was edited, or a default "
            "changed and SPEC_VERSION did not"
        )
    return record, spec


def read_all(results: Path) -> list[Record]:
    """Returns every record of a results folder, in order of id, with the latencies that its grid asks for.

    Runs that wrote no record yet are left out.

    Raises:
        RnnbenchError: as :func:`read` and :func:`read_note`, or when a record lies in the folder of another run.
    """
    reader = recorded()
    records = []
    for folder in _folders(results):
        if (given := _content(folder)) is not None:
            record, spec = _read_alone(folder, given, reader)
            _check_place(record, folder)
            records.append(_with_all_beside(folder, record, spec))
    boards = (read_note(results) or {}).get("boards")
    if not isinstance(boards, list):
        return records
    return [
        record.model_copy(update={"latency": tuple(facts for facts in record.latency if facts.board in boards)})
        for record in records
    ]


def observed(results: Path) -> dict[str, tuple[Status, str]]:
    """Returns status and reason of every run of a results folder, by id: see :func:`standing`.

    Raises:
        RnnbenchError: as :func:`read_all`.
    """
    reader = recorded()
    found: dict[str, tuple[Status, str]] = {}
    for folder in _folders(results):
        if (given := _content(folder)) is not None:
            record = _read_alone(folder, given, reader)[0]
            _check_place(record, folder)
            found[record.id] = standing(record, folder)
        elif claims.is_held(folder):
            found[folder.name] = (Status.RUNNING, "")
    return found


def standing(record: Record, folder: Path) -> tuple[Status, str]:
    """Returns the status and reason of a run that are true now.

    A record that says ``running`` while no living process has claimed the run was interrupted.
    """
    if record.status is Status.RUNNING and not claims.is_held(folder):
        return Status.INTERRUPTED, LOST
    return record.status, record.reason


def _check_place(record: Record, folder: Path) -> None:
    """Refuses a record that was moved or copied: the run whose folder that is would count as done."""
    if folder.name != record.id:
        raise RnnbenchError(f"{folder} holds the record of run {record.id}: rename it so, or move it away")


def _folders(results: Path) -> Iterator[Path]:
    """Yields the folders of runs, in order of id."""
    runs = runs_folder(results)
    with suppress(FileNotFoundError):
        yield from (runs / name for name in sorted(os.listdir(runs)))


def _content(folder: Path) -> bytes | None:
    """Returns what ``record.json`` holds; ``None`` where a run wrote none yet."""
    try:
        return content(folder, FILE)
    except OSError as error:
        raise RnnbenchError(f"cannot read {folder / FILE}: {error.strerror}") from None


def _damaged(folder: Path, how: str) -> RnnbenchError:
    return RnnbenchError(f"{folder / FILE} is damaged ({how}): move the folder away and run again")
