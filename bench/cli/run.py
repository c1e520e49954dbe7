"""``rnnbench run``: does what is missing of a grid."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from bench.cli.console import AsJson, GridFile, ResultsOut, WandbEntity, WandbProject, err
from bench.cli.failures import tell_failures
from bench.cli.plan import read
from bench.cli.report import report
from bench.cli.working import Only, Pack, Wandb, WandbMode, interruptible
from bench.errors import RnnbenchError
from bench.execute.server import fork_server
from bench.status import UNFINISHED, Status, tally

if TYPE_CHECKING:
    from bench.execute.launch import Launch
    from bench.spec import RunSpec


def run(
    grid_file: GridFile,
    folder: ResultsOut = None,
    executor: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="How to start workers: local, inline (in this process), slurm, command; else as the grid says, local.",
        ),
    ] = None,
    options: Annotated[
        list[str] | None,
        typer.Option(
            "--with", metavar="KEY=VALUE", help="An option of the executor, such as partition=cpu; again for more."
        ),
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Runs at once, one per core otherwise; of slurm and command, workers.")
    ] = None,
    pack: Pack = "auto",
    wandb: WandbMode = Wandb.OFFLINE,
    wandb_project: WandbProject = None,
    wandb_entity: WandbEntity = None,
    wait: Annotated[
        bool, typer.Option("--wait/--no-wait", help="Wait for runs that other processes work on; else exit code 3.")
    ] = True,
    detach: Annotated[
        bool,
        typer.Option("--detach", help="End once the workers are started (slurm, command): `rnnbench watch` follows."),
    ] = False,
    selected: Only = None,
    retry: Annotated[
        int, typer.Option(min=0, metavar="N", help="Try runs that failed again at the end, so often.")
    ] = 0,
    fail_fast: Annotated[bool, typer.Option("--fail-fast", help="Stop everything when a run fails.")] = False,
    as_json: AsJson = False,
) -> None:
    """Runs what is missing of a grid, and writes its tables and page. Again: does only what is missing still."""
    fork_server(tracked=wandb is not Wandb.DISABLED)
    from bench.execute.executors import asked_for, executor_of
    from bench.execute.grid import Manner
    from bench.execute.launch import Launch
    from bench.execute.only import only
    from bench.execute.packing import limit
    from bench.execute.whole import earlier_versions, run_missing
    from bench.track import check_login

    most = limit(pack)
    grid, standing, results = read(grid_file, folder)
    part = asked_for(grid.executor, executor, options or ())
    how = executor_of(part, detach)
    if detach and (retry or fail_fast):
        raise RnnbenchError("--retry and --fail-fast need a command that stays: leave --detach out")
    terms = tuple(selected or ())
    chosen = only([run.spec for run in standing.runs], terms) if terms else None
    if wandb is Wandb.ONLINE:
        check_login()

    def launch(runs: tuple[RunSpec, ...]) -> Launch:
        count = workers or part.workers or how.workers()
        return Launch(results, grid.name, runs, count, most, wandb.value, part.options, terms, fail_fast=fail_fast)

    for line in earlier_versions(standing.runs, results):
        err.print(f"note: {line}", style="dim")
    manner = Manner(wait, detach, retry, chosen)
    with interruptible():
        run_missing(grid, standing, launch, how, err, manner=manner, project=(wandb_project, wandb_entity))
    if detach:
        return
    _, standing, _ = read(grid_file, folder)
    if any(run.status is Status.DONE and not run.spec.sealed for run in standing.runs):
        report([str(results)], as_json=as_json)
    tell_failures([run.spec.id for run in standing.runs if run.status is Status.FAILED], results)
    err.print(f"{tally(run.status for run in standing.runs)}; results in {results}")
    if any(run.missing for run in standing.open if chosen is None or run.spec.id in chosen):
        raise typer.Exit(1)
    if any(run.status is Status.RUNNING for run in standing.runs):
        raise typer.Exit(UNFINISHED)
