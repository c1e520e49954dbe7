"""``rnnbench plan``: what a grid would run, and what is done."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from bench.cli.console import AsJson, GridFile, ResultsOut, out, plain, print_json
from bench.status import Status, tally

if TYPE_CHECKING:
    from bench.execute.whole import Standing
    from bench.plan import Planned
    from bench.search import Phases
    from bench.spec import Grid

_COLOUR = {
    Status.PLANNED: "cyan",
    Status.RUNNING: "yellow",
    Status.DONE: "green",
    Status.FAILED: "red",
    Status.INTERRUPTED: "magenta",
    Status.SKIPPED: "bright_black",
}

_COUNTED = (
    "KB as tables count them: the numbers that are stored. Exported code adds its instructions, tables and scales: "
    "`rnnbench latency GRID` says the whole flash of every model before any is trained"
)

_AT_ONCE = 1000
"""Lines that are written together: every call of ``typer.echo`` flushes, 7 microseconds for a line alone."""


def plan(grid_file: GridFile, folder: ResultsOut = None, as_json: AsJson = False) -> None:
    """Shows what a grid would run and what is already done. Writes nothing."""
    grid, standing, results = read(grid_file, folder)
    planned = standing.runs
    from bench.execute.whole import earlier_versions

    if as_json:
        rows = [
            {
                "id": run.spec.id,
                "status": run.status,
                "reason": run.reason,
                "kb": standing.phases.kb.get(run.spec.id),
                "spec": run.spec.model_dump(mode="json"),
            }
            for run in planned
        ]
        print_json({"results": str(results), "runs": rows})
        return
    kb = standing.phases.kb
    for start in range(0, len(planned), _AT_ONCE):
        typer.echo("\n".join(_line(run, kb.get(run.spec.id)) for run in planned[start : start + _AT_ONCE]))
    if kb:
        out.print(_COUNTED)
    for line in _phases_in_words(grid, standing.phases):
        out.print(line)
    for line in earlier_versions(planned, results):
        out.print(line)
    out.print(f"{tally(run.status for run in planned)}; results in {results}")


def read(grid_file: Path, folder: Path | None) -> tuple[Grid, Standing, Path]:
    """Reads a grid: itself, where it stands, and its results folder."""
    from bench.execute.whole import planned
    from bench.spec import read_grid

    grid = read_grid(grid_file)
    results = folder or Path("results") / grid.name
    return grid, planned(grid, results), results


def _line(run: Planned, kb: float | None) -> str:
    """Returns a run in a line, styled without rich, which takes a quarter of a millisecond for it."""
    size = "" if kb is None else f"  {kb:.2f} KB  {run.spec.variant()}"
    status, reason = f"{run.status:11} ", f"{size}  {plain(run.reason)}" if run.reason else size
    if out.color_system is not None:
        status, reason = typer.style(status, fg=_COLOUR[run.status]), typer.style(reason, dim=True)
    return f"{status}{run.spec.id}{reason}"


def _phases_in_words(grid: Grid, found: Phases) -> Iterator[str]:
    """Yields a line for each phase of a search."""
    if grid.search is None:
        return
    groups = len({trial.group for trial in found.trials})
    trials, seeds = len(found.trials) // groups, len(grid.search.seeds)
    count = groups * trials * seeds
    yield f"search: {groups} groups x {trials} trials x {seeds} seeds = {count} runs, the test set sealed to them"
    state = "done" if found.chosen else "when all trials are over"
    yield f"choose: by the mean of the {grid.choose.by} metric; {state}"
    if grid.final is not None:
        count = groups * len(grid.final.seeds)
        instead = "".join(f", {path} {value}" for path, value in grid.final.set.items())
        seeds = len(grid.final.seeds)
        yield f"final: {groups} groups x {seeds} fresh seeds = {count} runs, on {grid.final.train_on}{instead}"
