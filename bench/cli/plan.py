"""``rnnbench plan``: what a grid would run, and what is done."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rich.text import Text

from bench.cli.console import AsJson, GridFile, ResultsOut, out, print_json
from bench.status import Status

if TYPE_CHECKING:
    from bench.plan import Planned
    from bench.spec import Grid

_STYLE = {
    Status.PLANNED: "cyan",
    Status.RUNNING: "yellow",
    Status.DONE: "green",
    Status.FAILED: "red",
    Status.INTERRUPTED: "magenta",
    Status.SKIPPED: "dim",
}


def plan(grid_file: GridFile, folder: ResultsOut = None, as_json: AsJson = False) -> None:
    """Shows what a grid would run and what is already done. Writes nothing."""
    _, planned, results = read(grid_file, folder)
    from bench.execute.whole import tally

    if as_json:
        rows = [
            {"id": run.spec.id, "status": run.status, "reason": run.reason, "spec": run.spec.model_dump(mode="json")}
            for run in planned
        ]
        print_json({"results": str(results), "runs": rows})
        return
    for run in planned:
        reason = f"  {run.reason}" if run.reason else ""
        out.print(Text.assemble((f"{run.status:11} ", _STYLE[run.status]), run.spec.id, (reason, "dim")))
    out.print(f"{tally(planned)}; results in {results}")


def read(grid_file: Path, folder: Path | None) -> tuple[Grid, list[Planned], Path]:
    """The grid, its runs against what is there, and the results folder."""
    from bench.execute.whole import planned
    from bench.spec import read_grid

    grid = read_grid(grid_file)
    results = folder or Path("results") / grid.name
    return grid, planned(grid, results), results
