"""``rnnbench run`` and ``rnnbench work``: do what is missing of a grid."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer

from bench.cli.console import AsJson, GridFile, ResultsOut, WandbEntity, WandbProject, err
from bench.cli.plan import read
from bench.cli.report import report
from bench.errors import RnnbenchError
from bench.execute.server import fork_server
from bench.status import Status

if TYPE_CHECKING:
    from bench.execute.launch import Launch
    from bench.spec import RunSpec

_LONG_S = 3600.0


class Wandb(StrEnum):
    """What W&B may do."""

    OFFLINE = "offline"
    ONLINE = "online"
    DISABLED = "disabled"


Workers = Annotated[int | None, typer.Option(min=1, help="Runs at once; one per core otherwise.")]
Pack = Annotated[
    str, typer.Option(metavar="auto|off|N", help="Runs of one shape trained together: where it pays, none, up to N.")
]
WandbMode = Annotated[Wandb, typer.Option(help="What W&B may do.")]


def run(
    grid_file: GridFile,
    folder: ResultsOut = None,
    executor: Annotated[str, typer.Option(help="How to start workers: local, or inline (in this process).")] = "local",
    workers: Workers = None,
    pack: Pack = "auto",
    wandb: WandbMode = Wandb.OFFLINE,
    wandb_project: WandbProject = None,
    wandb_entity: WandbEntity = None,
    wait: Annotated[
        bool, typer.Option("--wait/--no-wait", help="Wait for runs that other processes work on; else exit code 3.")
    ] = True,
    as_json: AsJson = False,
) -> None:
    """Runs what is missing of a grid, and writes its tables and page. Again: does only what is missing still."""
    fork_server(tracked=wandb is not Wandb.DISABLED)
    from bench.execute import executors
    from bench.execute.launch import Launch, cores
    from bench.execute.packing import limit
    from bench.execute.whole import run_missing, tally
    from bench.track import check_login

    most, how = limit(pack), executors.executor(executor)
    grid, standing, results = read(grid_file, folder)
    if wandb is Wandb.ONLINE:
        check_login()

    def launch(runs: tuple[RunSpec, ...]) -> Launch:
        return Launch(results, grid.name, runs, workers or cores(), most, wandb.value)

    with _interruptible():
        run_missing(grid, standing, launch, how, err, wait=wait, project=(wandb_project, wandb_entity))
    _, standing, _ = read(grid_file, folder)
    if any(each.status is Status.DONE and not each.spec.sealed for each in standing.runs):
        report([str(results)], as_json=as_json)
    err.print(f"{tally(standing.runs)}; results in {results}")
    if any(each.missing for each in standing.open):
        raise typer.Exit(1)
    if any(each.status is Status.RUNNING for each in standing.runs):
        raise typer.Exit(3)


def work(
    results: Annotated[Path, typer.Argument(help="A results folder that `rnnbench run` made.", show_default=False)],
    workers: Annotated[int, typer.Option(min=1, help="Runs at once.")] = 1,
    pack: Pack = "auto",
    wandb: WandbMode = Wandb.OFFLINE,
    wandb_project: WandbProject = None,
    wandb_entity: WandbEntity = None,
    only: Annotated[
        list[str] | None, typer.Option("--run", metavar="ID", help="Do this run alone; may be given again.")
    ] = None,
) -> None:
    """Works on a results folder: claims a run, trains it, claims the next, until none is left that nobody works on."""
    fork_server(tracked=wandb is not Wandb.DISABLED)
    from bench.execute.grid import advance, noted
    from bench.execute.launch import Launch
    from bench.execute.packing import limit
    from bench.execute.preflight import prepare_data
    from bench.execute.worker import Worker
    from bench.track import check_login, mirrored, project_of

    most = limit(pack)
    grid, runs = noted(results)
    if absent := set(only or ()) - {spec.id for spec in runs}:
        raise RnnbenchError(f"{results} has no run {min(absent)!r}: `rnnbench plan` shows those of its grid")
    runs = tuple(spec for spec in runs if not only or spec.id in only)
    if wandb is Wandb.ONLINE:
        check_login()
    if wandb is not Wandb.DISABLED:
        project_of(results, wandb_project, wandb_entity)
    prepare_data(runs, lambda name: None)
    with _interruptible(), mirrored(results, wandb is Wandb.ONLINE, err.print):
        tried, todo = 0, True
        while todo:
            worker = Worker(Launch(results, grid.name, runs, workers, most, wandb.value))
            try:
                while not worker.wait(_LONG_S):
                    pass
            finally:
                worker.stop()
            tried += worker.tried
            if todo := not only and advance(grid, results):
                grid, runs = noted(results)
    err.print(f"nothing is left to claim in {results}; this worker has done {tried}")


@contextmanager
def _interruptible() -> Iterator[None]:
    """Ends the command with exit code 130 when it is interrupted or told to end; its processes end too."""
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        yield
    except KeyboardInterrupt:
        err.print("interrupted; the same command goes on where this one stopped")
        raise typer.Exit(130) from None


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
