"""A record that is damaged while a grid is under way ends no other run."""

from __future__ import annotations

import io
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console
from test_worker import Gone, launch, leave

from bench import record
from bench.errors import RnnbenchError
from bench.execute import progress, worker
from bench.execute.launch import Launch
from bench.status import Status

__all__ = ["launch"]


def test_a_worker_goes_on_with_the_runs_under_way(launch: Launch, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second, third = (job.folder for job in launch.jobs())

    class Damaging(Gone):
        def start(self) -> None:
            if self.name == first.name:
                (first / "record.json").write_text("{")

    monkeypatch.setattr(worker, "fork_server", lambda: SimpleNamespace(Process=Damaging))
    with pytest.raises(RnnbenchError, match=r"record\.json is damaged .*: move the folder away and run again"):
        worker.Worker(replace(launch, workers=2)).wait(60)
    assert record.read(second).status is Status.FAILED
    assert not third.exists()


class Writing:
    """Workers that end after three looks, and an executor of theirs."""

    def __init__(self, launch: Launch) -> None:
        self.jobs, self.looks = launch.jobs(), 0

    def start(self, launch: Launch) -> Any:
        return self

    def wait(self, timeout_s: float) -> bool:
        self.looks += 1
        leave(self.jobs[self.looks - 1], Status.DONE)
        if self.looks == 1:
            (self.jobs[0].folder / "record.json").write_text("{")
        return self.looks == 3

    def stop(self) -> None:
        pass


def test_who_looks_on_sees_the_others(launch: Launch) -> None:
    writing, told = Writing(launch), io.StringIO()
    progress.follow(launch, writing, Console(file=told, width=1000))  # type: ignore[arg-type]
    lines = told.getvalue().splitlines()
    assert [job.spec.seed for job in launch.jobs() if any(job.spec.id in line for line in lines)] == [1, 2]
