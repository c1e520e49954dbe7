"""A grid in its results folder: noted there, read back from there, and run to its end."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rich.console import Console

from bench import claims, record, search
from bench.errors import RnnbenchError
from bench.execute.executors import Executor
from bench.execute.launch import Launch, asked, stamp
from bench.execute.preflight import check, out_of_reach
from bench.execute.progress import follow
from bench.record import note as notes
from bench.search import phases
from bench.spec import Grid, RunSpec, parse
from bench.status import Status

_LOOK_S = 2.0
"""Seconds between two looks at what other processes run."""


@dataclass(frozen=True)
class Manner:
    """How a command goes on with a grid.

    Attributes:
        wait: whether it waits for runs that other processes work on.
        detach: whether it leaves its workers alone once they are started.
        retry: how often a run that failed is tried again, once the others are over.
        only: ids of the runs that it does; all of them when ``None``.
    """

    wait: bool = True
    detach: bool = False
    retry: int = 0
    only: frozenset[str] | None = None


USUAL = Manner()


def run_grid(launch: Launch, executor: Executor, console: Console, manner: Manner) -> None:
    """Does runs, and then what other processes that worked on some of them have left undone.

    Args:
        launch: the runs.
        executor: starts the workers.
        console: where to show progress.
        manner: whether it waits, and for what.
    """
    if manner.detach and launch.runs:
        console.print(str(executor.start(launch)))
        console.print(f"they go on alone: `rnnbench watch {launch.results}` shows how")
        return
    for left in reversed(range(manner.retry + 1)):
        _to_its_end(launch, executor, console, manner)
        launch = replace(launch, runs=_failed(launch))
        if not launch.runs or not left:
            return
        console.print(f"runs that failed, to be tried again: {len(launch.runs)}")
        os.utime(launch.results / record.GRID_NOTE)  # asks for them


def _to_its_end(launch: Launch, executor: Executor, console: Console, manner: Manner) -> None:
    while launch.runs:
        follow(launch, executor, console)
        theirs = _held(launch)
        if not theirs or not manner.wait or (launch.fail_fast and _failed(launch)):
            return
        console.print(f"waiting for {len(theirs)} of the runs: other processes work on them ({_first_holder(launch)})")
        launch = replace(launch, runs=theirs)
        while _held(launch) == theirs:
            time.sleep(_LOOK_S)


def _failed(launch: Launch) -> tuple[RunSpec, ...]:
    """The runs that have failed since they were asked for."""
    since = asked(launch.results)
    over = (job for job in launch.jobs() if (stamp(job.folder) or 0) >= since)
    return tuple(job.spec for job in over if record.read(job.folder).status is Status.FAILED)


def _held(launch: Launch) -> tuple[RunSpec, ...]:
    return tuple(job.spec for job in launch.jobs() if claims.is_held(job.folder))


def _first_holder(launch: Launch) -> str:
    who = next((found for job in launch.jobs() if (found := claims.holder(job.folder))), None)
    return f"process {who.pid} on {who.host}" if who else "no longer"


def check_folder(results: Path) -> None:
    """Checks that a results folder is one, or could be made.

    Raises:
        RnnbenchError: when a file is in the way.
    """
    there = next(path for path in (results, *results.parents, Path()) if path.exists())
    if not there.is_dir():
        raise RnnbenchError(f"cannot write to {results}: {there} is a file; choose another --out")


def prepare_results(results: Path, grid: Grid, runs: Iterable[RunSpec]) -> None:
    """Makes the results folder and notes which grid it belongs to, and which runs that has now.

    Runs that failed before are tried again from now on: see :func:`bench.execute.launch.asked`.

    Raises:
        RnnbenchError: when it cannot be written, or belongs to another grid.
    """
    note = results / record.GRID_NOTE
    try:
        record.runs_folder(results).mkdir(parents=True, exist_ok=True)
        earlier = record.read_note(results)
        if earlier and earlier["name"] != grid.name:
            raise RnnbenchError(
                f"{results} holds the grid {earlier['name']!r}, not {grid.name!r}: choose another with --out"
            )
        record.write_atomically(note, notes.to_text(_note(grid, list(runs))))
    except OSError as error:
        raise RnnbenchError(f"cannot write to {results}: {error.strerror}; choose another folder with --out") from None


def _note(grid: Grid, runs: Sequence[RunSpec]) -> dict[str, Any]:
    body = grid.model_dump(mode="json", exclude={"folder", "executor"})
    if any(spec.cell.file for spec in runs):  # else it says nothing of the machine
        body["folder"] = str((grid.folder or Path()).resolve())
    return {**body, "runs": [spec.id for spec in runs]}


def noted(results: Path) -> tuple[Grid, tuple[RunSpec, ...]]:
    """The grid that a results folder belongs to, and those of its runs that are to be done and whose data can be had.

    Trials of a search are to be done until a choice is made, and final runs from then on.

    Raises:
        RnnbenchError: when no grid is noted there, or its runs are others now, by this version of the program or of a
            cell's file.
    """
    note, body = results / record.GRID_NOTE, record.read_note(results)
    if body is None:
        raise RnnbenchError(f"{results} belongs to no grid: make it with `rnnbench run GRID --out {results}`")
    ids = {str(name) for name in body.pop("runs", [])}
    grid: Grid = parse(Grid, body, str(note))
    found = phases(grid, results)
    runs = check(found.runs)
    if ids - {spec.id for spec in runs}:
        how = "before a cell's file was edited, or " if any(spec.cell.file for spec in runs) else ""
        raise RnnbenchError(f"{note} was written {how}by another version of rnnbench: `rnnbench run` the grid again")
    absent = out_of_reach(runs)
    wanted = {spec.id for spec in check(found.open)} & ids - absent.keys()
    return grid, tuple(spec for spec in runs if spec.id in wanted)


def advance(grid: Grid, results: Path) -> bool:
    """Chooses, when the last trial of a search is over, and notes the final runs; returns whether it did."""
    if grid.search is None or not search.advance(grid, results):
        return False
    prepare_results(results, grid, check(phases(grid, results).runs))
    return True
