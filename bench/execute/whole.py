"""A grid from its plan to its last run: what ``rnnbench run`` and a notebook have in common."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from rich.console import Console

from bench.execute import preflight
from bench.execute.aside import aside
from bench.execute.executors import Executor
from bench.execute.grid import check_folder, prepare_results, run_grid
from bench.execute.launch import Launch
from bench.plan import Planned, plan
from bench.record import observed
from bench.spec import Grid, RunSpec
from bench.status import Status
from bench.track import mirrored, project_of


def planned(grid: Grid, results: Path) -> list[Planned]:
    """Sets the runs of a grid against what a results folder has. Writes nothing.

    Raises:
        RnnbenchError: when the grid or a run is not valid, or a record is damaged.
    """
    check_folder(results)
    runs = preflight.check(grid.runs(), grid.boards or ())
    found = observed(results)
    skipped = {key: why for key, why in preflight.out_of_reach(runs).items() if found.get(key, ("",))[0] != Status.DONE}
    return plan(runs, {**found, **skipped})


def run_missing(
    grid: Grid,
    runs: Sequence[Planned],
    launch: Callable[[tuple[RunSpec, ...]], Launch],
    executor: Executor,
    console: Console,
    *,
    wait: bool = True,
    apart: bool = True,
    project: tuple[str | None, str | None] = (None, None),
) -> None:
    """Runs what is missing of a grid.

    Args:
        grid: noted in the results folder once nothing can be refused any more.
        runs: from :func:`planned`.
        launch: makes a launch of those that are not over.
        executor: starts the workers.
        console: where to show progress.
        wait: whether to wait for runs that other processes work on.
        apart: whether cells are tried out in a process of their own, which they may crash.
        project: W&B's project and entity, noted before the first run; the usual where ``None``.

    Raises:
        RnnbenchError: when a cell fails on zeros, data cannot be had, or the results folder cannot be written.
    """
    for reason in dict.fromkeys(run.reason for run in runs if run.status is Status.SKIPPED):
        console.print(f"skipped: {reason}", style="dim")
    if missing := [run.spec for run in runs if run.missing]:
        tried = aside("trying the cells out", preflight.try_out, missing) if apart else preflight.try_out(missing)
        for note in tried:
            console.print(f"note: {note}", style="dim")
        preflight.prepare_data(missing, lambda name: console.print(f"data set {name}", style="dim"))
    todo = launch(tuple(run.spec for run in runs if run.missing or run.status is Status.RUNNING))
    # After all that can be refused: what a results folder holds is not touched by a faulty command.
    prepare_results(todo.results, grid, [run.spec for run in runs])
    if not todo.runs:
        console.print(f"nothing to run: all runs ({len(runs)}) are done or skipped, in {todo.results}")
    if todo.wandb != "disabled":
        project_of(todo.results, *project)
    with mirrored(todo.results, todo.wandb == "online", console.print):
        run_grid(todo, executor, console, wait)


def tally(runs: Sequence[Planned]) -> str:
    """How many runs there are, by status: ``"3 runs: 2 done, 1 failed"``."""
    counts = {status: sum(run.status is status for run in runs) for status in Status}
    return f"{len(runs)} run{'s' if len(runs) != 1 else ''}: " + ", ".join(
        f"{n} {status}" for status, n in counts.items() if n
    )
