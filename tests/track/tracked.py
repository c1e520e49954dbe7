"""Runs of which nothing is real but their record, their claim and their files of W&B, written by its real client."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from wandb_server import KEY, Server

from bench import claims, record, track
from bench.record import Labels, Record, Times
from bench.spec import RunSpec, parse
from bench.status import Status


def login(monkeypatch: pytest.MonkeyPatch, server: Server, key: str = KEY) -> None:
    """Has W&B's client, and what is started from here, use the stand-in."""
    monkeypatch.setenv("WANDB_BASE_URL", server.url)
    monkeypatch.setenv("WANDB_API_KEY", key)


class TrackedRun:
    """A run that says it is running until it is told to end."""

    def __init__(self, results: Path, seed: int = 0, **config: Any) -> None:
        raw = {"data": "watch7", "cell": {"name": "gru", "hidden_size": 7}, "seed": seed}
        self.spec: RunSpec = parse(RunSpec, raw, "test")
        self.folder = record.runs_folder(results) / self.spec.id
        self.folder.mkdir(parents=True, exist_ok=True)
        self._claim = claims.claim(self.folder)
        self._record(Status.RUNNING)
        self.tracker = track.start("online", self.spec, self.folder, "some-grid", config)

    def _record(self, status: Status) -> None:
        written = self.spec.written("classification")
        labels, times = Labels(cell="GRU", variant=""), Times(started="2026-01-01T00:00:00+00:00")
        body = {"id": self.spec.id, "status": status, "grid": "some-grid", "spec": written, "provenance": {}}
        record.write(self.folder, Record(**body, labels=labels, times=times))

    def epochs(self, *numbers: int) -> None:
        for number in numbers:
            self.tracker.epoch({"epoch": number, "validation_accuracy": number / 8})

    def end(self, status: Status = Status.DONE, **summary: Any) -> None:
        """In the order of a real one: the record, W&B, the claim."""
        self._record(status)
        self.tracker.finish(status, summary)
        self.die()

    def die(self) -> None:
        """Leaves the claim, and nothing else."""
        assert self._claim is not None
        self._claim.release()

    @property
    def mirror(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.folder / "wandb.json").read_text())
        return found


def accuracies(server: Server, results: Path, run: TrackedRun) -> list[tuple[int, float]]:
    """Epoch and accuracy of every row of a run's history, as the server has it."""
    stored = server.runs[track.project_of(results).run_id(run.spec.id)]
    return [(row["epoch"], row["validation_accuracy"]) for row in stored.history]
