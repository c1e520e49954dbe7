"""What a run left behind: schema, provenance, atomic writing, status.

A results folder holds ``runs/<id>/`` for each run, with ``spec.yaml``, ``record.json``, ``metrics.csv``, ``model.pt``,
``log.txt`` and W&B's files. ``record.json`` is the result of record: it is written whole or not at all, and ``done``
is written last.
"""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

import yaml
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    ValidationError,
    model_serializer,
)

from bench import claims
from bench.errors import RnnbenchError
from bench.status import Status

GRID_NOTE = "grid.yaml"
"""In a results folder: the grid it belongs to, and the ids of its runs."""

SCHEMA = 1
"""Raise it when a reader of older records would go wrong."""


class Frozen(BaseModel):
    """A part of a record."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class DataFacts(Frozen):
    """The data set as it was at the run."""

    name: str
    title: str
    task: str
    metric: str
    higher_is_better: bool
    fingerprint: str
    train: int
    validation: int
    test: int
    steps: int
    features: int
    classes: int
    majority: float | None
    """Test accuracy of always giving the most frequent training class; ``None`` for a text."""
    licence: str
    source: str


class Labels(Frozen):
    """How tables name the run."""

    cell: str
    """The cell's title: ``FastGRNN``."""
    variant: str
    """What sets it apart from its defaults: ``gate tanh``; empty for none."""


class Result(Frozen):
    """What training gave. The epoch was chosen on validation data; the test set was used once, after.

    Accuracies are of classification, perplexities (exp of the mean loss a word) of a language model; what a task has
    not is not written.
    """

    test_accuracy: float | None = None
    """Of the network in float32; of a quantised run with its rounded weights."""
    integer_accuracy: float | None = None
    """Of a quantised run: its integer program over the whole test set. This is the run's accuracy in every table."""
    test_loss: float
    validation_accuracy: float | None = None
    validation_loss: float
    best_epoch: int
    epochs: int
    test_perplexity: float | None = None
    validation_perplexity: float | None = None
    train_perplexity: float | None = None
    """Of the final weights on the training text's first words, as many as the test text has."""

    def of(self, metric: str, split: str = "test") -> float:
        """The value of a task's metric, for instance ``accuracy``, on a split."""
        value = getattr(self, f"{split}_{metric}")
        assert isinstance(value, float)  # noqa: S101
        return value

    @model_serializer(mode="wrap")
    def _leave_out_nothing(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        body: dict[str, Any] = handler(self)
        return {key: value for key, value in body.items() if value is not None}


class SizeFacts(Frozen):
    """The size of cell and classifier; of a language model, of its cells."""

    parameters: int
    nonzero: int
    kb: float
    """As the FastGRNN paper counts: classifier included, 4 bytes a number (1 when quantised), 1 KB = 1024 bytes."""
    embedding_parameters: int = 0
    """Numbers of the embedding of a set of texts, and of a language model's softmax, a matrix that both share once; not
    in the figures above, as in the paper's Tables 2 and 3."""


class LatencyFacts(Frozen):
    """Latency of one sequence on one board; the fields of :class:`bench.mcu.Latency`."""

    board: str
    title: str
    format: str
    method: str
    cycles_per_step: int
    cycles: int
    ms_per_step: float
    ms: float
    ms_low: float
    ms_high: float
    flash_bytes: int
    ram_bytes: int
    fits_flash: bool
    fits_ram: bool


class Times(Frozen):
    """When, in ISO 8601 UTC, and how long in seconds."""

    started: str
    finished: str | None = None
    train_s: float | None = None
    wall_s: float | None = None


class Record(Frozen):
    """``record.json``. A run that is not ``done`` lacks what it did not reach."""

    schema_version: int = Field(default=SCHEMA, alias="schema")
    id: str
    status: Status
    reason: str = ""
    grid: str
    spec: dict[str, Any]
    labels: Labels
    times: Times
    provenance: dict[str, Any]
    data: DataFacts | None = None
    size: SizeFacts | None = None
    latency: tuple[LatencyFacts, ...] = ()
    result: Result | None = None

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


def runs_folder(results: Path) -> Path:
    """Where a results folder keeps its runs."""
    return results / "runs"


def noted_runs(results: Path) -> frozenset[str] | None:
    """Ids of the runs that the grid of a results folder has now; ``None`` where no grid was noted.

    A grid that was edited leaves the runs of its earlier versions in the folder; they are not in this set.
    """
    try:
        note = yaml.safe_load((results / GRID_NOTE).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return None
    runs = note.get("runs") if isinstance(note, dict) else None
    return frozenset(map(str, runs)) if isinstance(runs, list) else None


def write_atomically(path: Path, text: str) -> None:
    """Writes a file whole or not at all: a temporary file beside it, fsync, rename, fsync of the folder.

    Raises:
        OSError: when the folder cannot be written; the file that was there is untouched.
    """
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, 0o644)  # results are for reading; mkstemp makes them private
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    if hasattr(os, "O_DIRECTORY"):
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def write(folder: Path, record: Record) -> None:
    """Writes ``record.json`` of a run."""
    body = record.model_dump(mode="json", by_alias=True)
    write_atomically(folder / "record.json", json.dumps(body, indent=1, allow_nan=False) + "\n")


def read(folder: Path) -> Record:
    """Reads ``record.json`` of a run.

    Raises:
        RnnbenchError: when it is damaged, or of another schema than this version reads.
    """
    path = folder / "record.json"
    try:
        body = json.loads(path.read_text(encoding="utf-8"))
        schema = body.get("schema")
    except (OSError, ValueError, AttributeError) as error:
        raise RnnbenchError(f"{path} is damaged ({type(error).__name__}): move the folder away and run again") from None
    if schema != SCHEMA:
        raise RnnbenchError(
            f"{path} has schema {schema}, this rnnbench reads {SCHEMA}: "
            "keep the folder for the version that wrote it, and choose another with --out"
        )
    try:
        return Record.model_validate(body)
    except ValidationError as error:
        first = error.errors()[0]
        at = ".".join(str(step) for step in first["loc"])
        raise RnnbenchError(f"{path} is damaged ({at}: {first['msg']}): move the folder away and run again") from None


def read_all(results: Path) -> list[Record]:
    """Every record of a results folder, in order of id; runs that wrote none yet are left out."""
    return [read(path.parent) for path in sorted(runs_folder(results).glob("*/record.json"))]


def observed(results: Path) -> dict[str, tuple[Status, str]]:
    """Status and reason of every run of a results folder, by id.

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
