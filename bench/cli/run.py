"""``rnnbench run``: runs what is missing of a grid, then writes its report."""

from __future__ import annotations

import signal
from enum import StrEnum
from types import FrameType
from typing import Annotated

import typer

from bench.cli.console import AsJson, GridFile, ResultsOut, err
from bench.cli.plan import read, tally
from bench.cli.report import report
from bench.startup import fork_server


class Wandb(StrEnum):
    """What W&B may do."""

    OFFLINE = "offline"
    ONLINE = "online"
    DISABLED = "disabled"


def run(
    grid_file: GridFile,
    folder: ResultsOut = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Runs at once; one per core otherwise.")] = None,
    pack: Annotated[
        str,
        typer.Option(metavar="auto|off|N", help="Runs of one shape trained together: where it pays, none, up to N."),
    ] = "auto",
    wandb: Annotated[Wandb, typer.Option(help="What W&B may do.")] = Wandb.OFFLINE,
    as_json: AsJson = False,
) -> None:
    """Runs what is missing of a grid, and writes its tables and page. Again: does only what is missing still."""
    fork_server(tracked=wandb is not Wandb.DISABLED)
    from bench import execute
    from bench.execute.progress import follow
    from bench.record import runs_folder
    from bench.status import Status
    from bench.track import check_login
    from bench.train import Job

    most = execute.limit(pack)
    grid, planned, results = read(grid_file, folder)
    if wandb is Wandb.ONLINE:
        check_login()
    missing = [each.spec for each in planned if each.missing]
    for reason in dict.fromkeys(each.reason for each in planned if each.status is Status.SKIPPED):
        err.print(f"skipped: {reason}", style="dim")
    try:
        signal.signal(signal.SIGTERM, _interrupt)  # else the processes that are started would be left to themselves
        if missing:
            execute.aside("trying the cells out", execute.try_out, missing)
            execute.prepare_data(missing, lambda name: err.print(f"data set {name}", style="dim"))
        # After all that can be refused: what a results folder holds is not touched by a faulty command.
        execute.prepare_results(results, grid, [each.spec for each in planned])
        jobs = [Job(spec, runs_folder(results) / spec.id, grid.name, wandb.value) for spec in missing]
        if not jobs:
            err.print(f"nothing to run: all runs ({len(planned)}) are done, skipped or being worked on, in {results}")
        follow(jobs, workers, err, most)
    except KeyboardInterrupt:
        err.print("interrupted; the same command goes on where this one stopped")
        raise typer.Exit(130) from None
    _, planned, _ = read(grid_file, folder)
    if any(each.status is Status.DONE for each in planned):
        report(results, as_json=as_json)
    err.print(f"{tally(planned)}; results in {results}")
    if any(each.missing for each in planned):
        raise typer.Exit(1)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
