"""A launch, as workers are told of it: a results folder, the runs to do there, and how to do them."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench import record
from bench.claims import Claim
from bench.spec import RunSpec
from bench.status import Status
from bench.train import Job


@dataclass(frozen=True)
class ClaimedRun:
    """A run that this process, or its parent, has claimed."""

    job: Job
    claim: Claim


@dataclass(frozen=True)
class Launch:
    """Runs of a grid to be done.

    Attributes:
        results: the results folder.
        grid: name of the grid.
        runs: what to do, in the order to start it.
        workers: how many there are, at least 1.
        most: runs in a pack at most; ``None`` packs where it pays.
        wandb: a mode of :data:`bench.track.MODES`.
        options: the executor's own.
        only: the terms by which the runs were chosen among those of the grid; see :func:`bench.execute.only.only`.
        among: runs at once of all workers together, when this launch is of one worker of several; packs are dealt so
            that none goes without. ``None`` for ``workers``.
        until: when the worker must have ended, in seconds since 1970; ``None`` for never.
        fail_fast: whether all ends when a run fails.
        again: whether a run that failed is tried again, whoever asked for it when.
    """

    results: Path
    grid: str
    runs: tuple[RunSpec, ...]
    workers: int = 1
    most: int | None = 1
    wandb: str = "offline"
    options: Mapping[str, Any] = field(default_factory=dict)
    only: tuple[str, ...] = ()
    among: int | None = None
    until: float | None = None
    again: bool = False
    fail_fast: bool = False

    def jobs(self) -> list[Job]:
        """The runs, each with its folder."""
        folder = record.runs_folder(self.results)
        origin = {key: choice.entry for choice in record.read_choice(self.results) or () for key in choice.runs}
        return [Job(spec, folder / spec.id, self.grid, self.wandb, origin.get(spec.id)) for spec in self.runs]

    def command(self, at_once: int = 1) -> list[str]:
        """The command that is one worker of this launch, from wherever: for executors that start commands.

        Args:
            at_once: how many runs this worker does at once.
        """
        pack = {None: "auto", 1: "off"}.get(self.most, str(self.most))
        command = [sys.executable, "-m", "rnnbench", "work", str(self.results.resolve()), "--pack", pack]
        return [
            *(*command, "--wandb", self.wandb),
            *("--workers", str(at_once), "--among", str(at_once * self.workers)),
            *(word for term in self.only for word in ("--only", term)),
        ]


def asked(results: Path) -> int:
    """When the runs of a results folder were last asked for, by the clock of its file system.

    A run that failed since is not tried again until somebody asks again.
    """
    return (results / record.GRID_NOTE).stat().st_mtime_ns


def stamp(folder: Path) -> int | None:
    """When the record of a run was last written; ``None`` when there is none."""
    try:
        return (folder / "record.json").stat().st_mtime_ns
    except OSError:
        return None


def is_over(folder: Path, since: int) -> bool:
    """Whether a run needs no worker any more: it is done, or it has failed since it was asked for.

    Args:
        folder: the run's.
        since: from :func:`asked`.
    """
    written = stamp(folder)
    if written is None:
        return False
    status = record.read(folder).status
    return status is Status.DONE or (status is Status.FAILED and written >= since)


def cores() -> int:
    """Processor cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
