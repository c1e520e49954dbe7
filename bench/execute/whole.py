"""A grid from its plan to its last run: what ``rnnbench run`` and a notebook have in common."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from bench import search
from bench.execute import preflight
from bench.execute.aside import aside
from bench.execute.executors import Executor
from bench.execute.grid import USUAL, Manner, advance, check_folder, prepare_results, run_grid
from bench.execute.launch import Launch
from bench.plan import Planned, plan
from bench.record import CHOSEN_FILE, observed, read, runs_folder
from bench.search import Phases, phases
from bench.spec import Grid, RunSpec
from bench.status import Status
from bench.track import mirrored, project_of


@dataclass(frozen=True)
class Standing:
    """Where a grid stands.

    Attributes:
        runs: of all its phases, the trials of a search first.
        phases: its runs by phase.
    """

    runs: list[Planned]
    phases: Phases

    @property
    def open(self) -> list[Planned]:
        """The runs of the phase that the grid is in: of a search its trials, until a choice is made."""
        ids = {spec.id for spec in preflight.distinct(self.phases.open)}
        return [run for run in self.runs if run.spec.id in ids]


def planned(grid: Grid, results: Path) -> Standing:
    """Sets the runs of a grid against what a results folder has. Writes nothing.

    Raises:
        RnnbenchError: when the grid or a run is not valid, or a record is damaged.
    """
    check_folder(results)
    found_phases = phases(grid, results)
    found = observed(results)
    done = {key for key, (status, _) in found.items() if status is Status.DONE}
    runs = preflight.check(found_phases.runs, grid.boards or (), done)
    skipped = {key: why for key, why in preflight.out_of_reach(runs).items() if key not in done}
    return Standing(plan(runs, {**found, **skipped}), found_phases)


def run_missing(
    grid: Grid,
    standing: Standing,
    launch: Callable[[tuple[RunSpec, ...]], Launch],
    executor: Executor,
    console: Console,
    *,
    manner: Manner = USUAL,
    apart: bool = True,
    project: tuple[str | None, str | None] = (None, None),
) -> None:
    """Runs what is missing of a grid; of a search first the trials, and then, once a choice is made, the final runs.

    Args:
        grid: noted in the results folder once nothing can be refused any more.
        standing: from :func:`planned`.
        launch: makes a launch of those that are not over.
        executor: starts the workers.
        console: where to show progress.
        manner: whether it waits, and for what.
        apart: whether cells are tried out in a process of their own, which they may crash.
        project: W&B's project and entity, noted before the first run; the usual where ``None``.

    Raises:
        RnnbenchError: when a cell fails on zeros, data cannot be had, or the results folder cannot be written.
    """
    for reason in dict.fromkeys(run.reason for run in standing.runs if run.status is Status.SKIPPED):
        console.print(f"skipped: {reason}", style="dim")
    while True:
        results = _run_phase(grid, standing, launch, executor, console, manner=manner, apart=apart, project=project)
        if manner.detach or not advance(grid, results):
            return
        console.print(f"chosen on {grid.choose.by} data: see {results / CHOSEN_FILE}")
        standing = planned(grid, results)
        if not standing.open:  # the grid ends with the choice
            return


def _run_phase(
    grid: Grid,
    standing: Standing,
    launch: Callable[[tuple[RunSpec, ...]], Launch],
    executor: Executor,
    console: Console,
    *,
    manner: Manner,
    apart: bool,
    project: tuple[str | None, str | None],
) -> Path:
    """Runs what is missing of the phase that a grid is in; returns the results folder."""
    runs = [run for run in standing.open if manner.only is None or run.spec.id in manner.only]
    if missing := [run.spec for run in runs if run.missing]:
        tried = aside("trying the cells out", preflight.try_out, missing) if apart else preflight.try_out(missing)
        for note in tried:
            console.print(f"note: {note}", style="dim")
        preflight.prepare_data(missing, lambda name: console.print(f"data set {name}", style="dim"))
    todo = launch(tuple(run.spec for run in runs if run.missing or run.status is Status.RUNNING))
    # After all that can be refused: what a results folder holds is not touched by a faulty command.
    prepare_results(todo.results, grid, [run.spec for run in standing.runs])
    search.note(grid, todo.results, standing.phases)
    if not todo.runs:
        console.print(f"nothing to run: all runs ({len(runs)}) are done or skipped, in {todo.results}")
    if todo.wandb != "disabled":
        project_of(todo.results, *project)
    with mirrored(todo.results, todo.wandb == "online", console.print):
        run_grid(todo, executor, console, manner)
    return todo.results


def earlier_versions(runs: Sequence[Planned], results: Path) -> list[str]:
    """Says which finished runs of a results folder are of other versions of users' cells, which any edit makes.

    Returns:
        A line for each cell of which there are any.
    """
    now = {run.spec.cell.name: run.spec.cell.source for run in runs if run.spec.cell.source}
    if not now:
        return []
    planned_ids = {run.spec.id for run in runs}
    others = [key for key, (status, _) in observed(results).items() if status is Status.DONE and key not in planned_ids]
    cells = [read(runs_folder(results) / key).spec["cell"] for key in others]
    found = Counter(cell["name"] for cell in cells if cell.get("source", "") not in ("", now.get(cell["name"], "")))
    return [
        f"{count} finished run{'s' if count > 1 else ''} of another version of cell {name!r} in {results}, which this "
        "grid does not take: any edit of its file makes a new version; the file as it was brings them back"
        for name, count in sorted(found.items())
        if name in now
    ]
