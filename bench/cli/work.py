"""``rnnbench work``: a worker of a results folder."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bench.cli.console import WandbEntity, WandbProject, err
from bench.cli.failures import tell_failures
from bench.cli.working import Only, Pack, Wandb, WandbMode, interruptible
from bench.errors import RnnbenchError
from bench.execute.server import fork_server
from bench.status import UNFINISHED, Status

if TYPE_CHECKING:
    from bench.execute.worker import Worker
    from bench.spec import RunSpec

_LONG_S = 3600.0
_MARGIN_S = 60.0
"""Seconds at most that a worker in a Slurm job leaves of its time, to end its runs in peace."""


def work(
    results: Annotated[Path, typer.Argument(help="A results folder that `rnnbench run` made.", show_default=False)],
    workers: Annotated[int, typer.Option(min=1, help="Runs at once.")] = 1,
    pack: Pack = "auto",
    wandb: WandbMode = Wandb.OFFLINE,
    wandb_project: WandbProject = None,
    wandb_entity: WandbEntity = None,
    selected: Only = None,
    alone: Annotated[
        list[str] | None,
        typer.Option("--run", metavar="ID", help="Do this run alone, also if it failed; may be given again."),
    ] = None,
    until: Annotated[
        str | None,
        typer.Option(
            metavar="TIME",
            help="End by then, and claim nothing that would take longer: 17:30, a date and time, or 90m, 2h from now. "
            "In a Slurm job, its time limit.",
        ),
    ] = None,
    among: Annotated[
        int | None, typer.Option(min=1, help="Runs at once of all workers together, so that packs leave some to each.")
    ] = None,
) -> None:
    """Works on a results folder: claims a run, trains it, claims the next, until none is left that nobody works on.

    Exit code 3: the time was up, and runs are left. 1: a run of ``--run`` has failed.
    """
    fork_server(tracked=wandb is not Wandb.DISABLED)
    from bench.execute.grid import advance, noted
    from bench.execute.launch import Launch
    from bench.execute.only import only
    from bench.execute.packing import limit
    from bench.execute.preflight import prepare_data
    from bench.execute.worker import Worker
    from bench.track import check_login, mirrored, project_of

    most, end = limit(pack), moment(until) if until else _end_of_job()
    grid, runs = noted(results)
    if absent := set(alone or ()) - {spec.id for spec in runs}:
        raise RnnbenchError(f"{results} has no run {min(absent)!r}: `rnnbench plan` shows those of its grid")
    if some := alone or (only(runs, selected) if selected else None):
        runs = tuple(spec for spec in runs if spec.id in some)
    if wandb is Wandb.ONLINE:
        check_login()
    if wandb is not Wandb.DISABLED:
        project_of(results, wandb_project, wandb_entity)
    prepare_data(runs, lambda name: None)
    with interruptible(), mirrored(results, wandb is Wandb.ONLINE, err.print):
        tried, late, todo = 0, 0, True
        while todo:
            launch = Launch(
                *(results, grid.name, runs, workers, most, wandb.value), among=among, until=end, again=bool(alone)
            )
            worker = Worker(launch)
            over = _work(worker, end)
            tried, late = tried + worker.tried, worker.late or not over
            if todo := not some and not late and advance(grid, results):
                grid, runs = noted(results)
    if late:
        err.print(f"the time is up, and runs are left in {results}; this worker has begun {tried}")
        raise typer.Exit(UNFINISHED)
    if alone and (failed := _failed(results, runs)):
        tell_failures(failed, results)
        raise typer.Exit(1)
    err.print(f"nothing is left to claim in {results}; this worker has done {tried}")


def _failed(results: Path, runs: Sequence[RunSpec]) -> list[str]:
    from bench import record

    folder = record.runs_folder(results)
    return [spec.id for spec in runs if record.read(folder / spec.id).status is Status.FAILED]


def _work(worker: Worker, end: float | None) -> bool:
    """Has a worker do its runs; returns whether it was done before its time was up."""
    try:
        while True:
            left = _LONG_S if end is None else end - time.time()
            if worker.wait(max(0.0, min(left, _LONG_S))):
                return True
            if left <= 0:
                return False
    finally:
        worker.stop()


def moment(text: str, now: datetime | None = None) -> float:
    """Returns a moment in seconds since 1970.

    Args:
        text: ``17:30`` (the next), a date and time of ISO 8601, or a time from now: ``90m``, ``2h``, ``45s``.
        now: the time it is.

    Raises:
        RnnbenchError: when it is none.
    """
    now = now or datetime.now()
    if found := re.fullmatch(r"(\d+(?:\.\d+)?)([smh])", text):
        seconds = float(found[1]) * {"s": 1, "m": 60, "h": 3600}[found[2]]
        return now.timestamp() + seconds
    try:
        if re.fullmatch(r"\d{1,2}:\d{2}", text):
            hour, minute = map(int, text.split(":"))
            then = now.replace(hour=hour, minute=minute, second=0, microsecond=0)
            return (then if then > now else then + timedelta(days=1)).timestamp()
        return datetime.fromisoformat(text).timestamp()
    except ValueError:
        raise RnnbenchError(f"--until takes a time such as 17:30, 2026-12-24T17:30, 90m or 2h, not {text!r}") from None


def _end_of_job() -> float | None:
    """When this process must have ended, if it is in a Slurm job; a little before Slurm would end it."""
    end = os.environ.get("SLURM_JOB_END_TIME", "")
    if not end.isdigit():
        return None
    left = int(end) - time.time()
    return int(end) - min(_MARGIN_S, left / 10) if left < 10 * 365 * 86400 else None
